//! `usciere workflow`: the definitions requests follow.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Look at workflow definitions, check, draw and test them
#[derive(Debug, Args)]
pub struct WorkflowArgs {
    #[command(subcommand)]
    pub command: WorkflowCommand,
}

#[derive(Debug, Subcommand)]
pub enum WorkflowCommand {
    /// List the definitions and their versions
    List,
    Check(WorkflowCheckArgs),
    Graph(WorkflowGraphArgs),
    Test(WorkflowTestArgs),
}

/// Report every problem of definitions, with line and caret; needs no services
#[derive(Debug, Args)]
pub struct WorkflowCheckArgs {
    /// Files to check [default: all of workflows.dir]
    pub files: Vec<PathBuf>,
}

/// Draw a definition
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  usciere workflow graph richiesta --format svg > richiesta.svg")]
pub struct WorkflowGraphArgs {
    /// Name (richiesta), name and version (richiesta.v1) or file of the definition
    pub workflow: String,
    #[arg(long, value_enum, default_value_t)]
    pub format: GraphFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum GraphFormat {
    #[default]
    Mermaid,
    Svg,
}

/// Run the scenarios beside the definitions; needs no services
#[derive(Debug, Args)]
pub struct WorkflowTestArgs {
    /// Scenario files [default: all of workflows.dir]
    pub files: Vec<PathBuf>,
}

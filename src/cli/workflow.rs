//! `usciere workflow`: the definitions requests follow. Only `graph --counts` needs the database.

mod check;
mod find;
mod graph;
mod list;
mod scenarios;
mod simulate;

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::Row;
use super::session::Session;
use crate::workflow::diff;

/// Look at workflow definitions, check, draw, compare, test and simulate them
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
    Diff(WorkflowDiffArgs),
    Simulate(WorkflowSimulateArgs),
}

/// Report every problem of definitions, with line and caret; needs no services
///
/// The exit code is 1 if there is one. For a version that is right and not released yet, the line is printed that
/// releases it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere workflow check
  usciere workflow check workflows/richiesta.v2.toml --thorough")]
pub struct WorkflowCheckArgs {
    /// Files or folders of definitions [default: workflows.dir]
    #[arg(value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// Also walks through every situation a request can get into, some thousands, and looks for broken promises
    #[arg(long)]
    pub thorough: bool,
}

/// Draw a definition
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere workflow graph richiesta --format svg > richiesta.svg
  usciere workflow graph richiesta.v1 --counts")]
pub struct WorkflowGraphArgs {
    #[arg(value_name = "WORKFLOW", help = find::HELP)]
    pub workflow: String,
    #[arg(long, value_enum, default_value_t)]
    pub format: GraphFormat,
    /// Writes into each state how many requests stand there now; asks the database
    #[arg(long)]
    pub counts: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum GraphFormat {
    #[default]
    Mermaid,
    Svg,
}

/// Run the scenarios beside the definitions; needs no services
///
/// The exit code is 1 if one comes out otherwise than it says.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere workflow test
  usciere workflow test workflows/scenari/richiesta/sollecito.toml")]
pub struct WorkflowTestArgs {
    /// A folder of definitions with scenarios in it, a folder of scenarios, or one scenario [default: workflows.dir]
    #[arg(value_name = "DIR|FILE")]
    pub path: Option<PathBuf>,
}

/// Say what changes for requests from one definition to another
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  usciere workflow diff richiesta.v1 workflows/richiesta.v2.toml")]
pub struct WorkflowDiffArgs {
    #[arg(value_name = "A", help = find::HELP)]
    pub old: String,
    #[arg(value_name = "B", help = "The same, of the definition that comes after it")]
    pub new: String,
}

/// Push made-up requests through a definition for months of virtual time; needs no services
///
/// Sedi answer so many requests on a working day, the solicited ones first; operators solicit, write again and book as
/// the definition lets them. The same seed gives the same report.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere workflow simulate richiesta
  usciere workflow simulate workflows/richiesta.v2.toml --requests 50000 --sedi 100 --answers 5")]
pub struct WorkflowSimulateArgs {
    #[arg(value_name = "WORKFLOW", help = find::HELP)]
    pub workflow: String,
    /// How many requests, spread evenly over the days
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub requests: u32,
    /// How many days
    #[arg(long, value_name = "N", default_value_t = 180, value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub days: u16,
    /// How many sedi share them
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=999))]
    pub sedi: u16,
    /// How many requests a sede answers on a working day
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub answers: u16,
    /// The first day: holidays depend on it
    #[arg(long, value_name = "DATE", default_value = "2026-01-01")]
    pub from: NaiveDate,
    /// Another seed, another course of events
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

#[derive(Debug, Serialize)]
struct Difference {
    change: String,
}

impl Row for Difference {
    const COLUMNS: &'static [&'static str] = &["change"];

    fn cells(&self) -> Vec<String> {
        vec![self.change.clone()]
    }
}

pub async fn run(args: WorkflowArgs, session: &mut Session) -> Result<Exit, Failure> {
    match args.command {
        WorkflowCommand::List => list::run(session),
        WorkflowCommand::Check(args) => check::run(&args, session),
        WorkflowCommand::Graph(args) => graph::run(&args, session).await,
        WorkflowCommand::Test(args) => scenarios::run(&args, session),
        WorkflowCommand::Simulate(args) => simulate::run(&args, session),
        WorkflowCommand::Diff(args) => compare(&args, session),
    }
}

fn compare(args: &WorkflowDiffArgs, session: &mut Session) -> Result<Exit, Failure> {
    let old = find::workflow(&args.old, session)?;
    let new = find::workflow(&args.new, session)?;
    let differences: Vec<Difference> = diff(&old, &new)
        .into_iter()
        .map(|change| Difference { change })
        .collect();
    session.printer.findings(&differences)?;
    if differences.is_empty() {
        session.printer.say(format!(
            "no request would notice whether it runs on {} or on {}",
            old.reference(),
            new.reference()
        ));
    }
    Ok(Exit::Ok)
}

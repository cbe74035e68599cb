//! `usciere job`: the recurring jobs.

use clap::{Args, Subcommand};

/// Look at the recurring jobs, or run one now
#[derive(Debug, Args)]
pub struct JobArgs {
    #[command(subcommand)]
    pub command: JobCommand,
}

#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// List the jobs with their last run and their next
    List,
    Next(JobNextArgs),
    Run(JobRunArgs),
}

/// Show when jobs run next
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  usciere job next overdue -n 10")]
pub struct JobNextArgs {
    /// Only this job
    pub name: Option<String>,
    /// How many runs of each
    #[arg(short = 'n', long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub count: u16,
}

/// Run a job now and wait for its end
#[derive(Debug, Args)]
pub struct JobRunArgs {
    pub name: String,
}

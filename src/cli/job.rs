//! `usciere job`: the recurring jobs.

mod history;
mod hold;
mod list;
mod next;
mod run_now;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::page::Page;
use super::reach;
use super::session::Session;
use crate::config::interval::Interval;
use crate::store::{JobName, JobRow, Store};

/// Look at the recurring jobs, run one now, hold it or let it go
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
    Pause(JobPauseArgs),
    Resume(JobResumeArgs),
    History(JobHistoryArgs),
}

/// Show when jobs run next
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  usciere job next overdue -n 10")]
pub struct JobNextArgs {
    /// Only this job
    pub name: Option<JobName>,
    /// How many runs of each
    #[arg(short = 'n', long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub count: u16,
}

/// Run a job now and wait for its end; the exit code is 1 if it fails
#[derive(Debug, Args)]
pub struct JobRunArgs {
    pub name: JobName,
    /// Only asks a node to run it, and does not wait
    #[arg(long, conflicts_with = "timeout")]
    pub no_wait: bool,
    /// Longest to wait; the run goes on
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub timeout: Interval,
}

/// Hold a job: it runs only when asked for, until it is resumed
#[derive(Debug, Args)]
pub struct JobPauseArgs {
    pub name: JobName,
    /// Why; shown with the job
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// Let a job run by the clock again; what it missed is not caught up
#[derive(Debug, Args)]
pub struct JobResumeArgs {
    pub name: JobName,
}

/// Show the runs of a job, the newest first
#[derive(Debug, Args)]
pub struct JobHistoryArgs {
    pub name: JobName,
    #[command(flatten)]
    pub page: Page,
}

pub async fn run(args: JobArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (config, store) = reach::database(session).await?;
    let clock = reach::clock(&config, &store).await?;
    match args.command {
        JobCommand::List => list::run(&store, clock.now(), session).await,
        JobCommand::Next(args) => next::run(&args, &store, clock.now(), session).await,
        JobCommand::Run(args) => run_now::run(&args, &store, clock.now(), session).await,
        JobCommand::Pause(args) => hold::pause(&args, &store, clock.now(), session).await,
        JobCommand::Resume(args) => hold::resume(&args, &store, clock.now(), session).await,
        JobCommand::History(args) => history::run(&args, &store, session).await,
    }
}

/// The jobs that nodes have made known: all, or the one of this name.
async fn known(store: &Store, name: Option<&JobName>) -> Result<Vec<JobRow>, Failure> {
    let mut jobs = store.list_jobs().await?;
    if jobs.is_empty() {
        return Err(Failure::not_found("no job is known yet")
            .fix("start a node with the role scheduler: it makes its jobs known"));
    }
    if let Some(name) = name {
        let names: Vec<String> = jobs.iter().map(|job| job.name.to_string()).collect();
        jobs.retain(|job| job.name == *name);
        if jobs.is_empty() {
            return Err(Failure::not_found(format!("there is no job {name}"))
                .fix(format!("name one of {}", names.join(", "))));
        }
    }
    Ok(jobs)
}

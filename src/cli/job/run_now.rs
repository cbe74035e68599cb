//! `usciere job run`: asks the schedulers for a run, and waits for its end.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::history::Line;
use super::{JobRunArgs, known};
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::who;
use crate::store::{JobName, JobResult, JobRunFilter, JobRunRow, RunAsked, Store};

/// How often the run is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Schedulers look once a second: if none took the run by then, perhaps none is there.
const DOUBT: Duration = Duration::from_secs(5);

pub(super) async fn run(
    args: &JobRunArgs,
    store: &Store,
    now: DateTime<Utc>,
    session: &mut Session,
) -> Result<Exit, Failure> {
    known(store, Some(&args.name)).await?;
    let name = &args.name;
    who::note(store, "job run", name.to_string()).await?;
    let wall = match store.ask_job_run(name, &who::user(), now).await? {
        RunAsked::Asked(wall) => wall,
        RunAsked::Missing => return Err(Failure::not_found(format!("there is no job {name}"))),
    };
    if args.no_wait {
        session
            .printer
            .say(format!("{name} runs as soon as a scheduler takes it"));
        return Ok(Exit::Ok);
    }
    let ended = wait(args, store, wall, session).await?;
    let exit = exit_of(ended.result);
    session.printer.one(&Line(ended))?;
    Ok(exit)
}

async fn wait(
    args: &JobRunArgs,
    store: &Store,
    wall: NaiveDateTime,
    session: &mut Session,
) -> Result<JobRunRow, Failure> {
    let began = Instant::now();
    let mut said = false;
    loop {
        let run = one(store, &args.name, wall).await?;
        if let Some(run) = run.as_ref().filter(|run| run.result.is_some()) {
            return Ok(run.clone());
        }
        let taken = run.is_some_and(|run| run.started_at.is_some());
        if began.elapsed() >= args.timeout.get() {
            return Err(too_late(&args.name, taken));
        }
        if !taken && began.elapsed() >= DOUBT && !std::mem::replace(&mut said, true) {
            session
                .printer
                .say("no node has taken it yet: one with the role scheduler must run");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The run of this name.
async fn one(store: &Store, job: &JobName, wall: NaiveDateTime) -> Result<Option<JobRunRow>, Failure> {
    let filter = JobRunFilter {
        job: job.clone(),
        before: Some(wall + TimeDelta::microseconds(1)),
        limit: 1,
    };
    let latest = store.job_history(&filter).await?.pop();
    Ok(latest.filter(|run| run.scheduled_for == wall))
}

fn too_late(name: &JobName, taken: bool) -> Failure {
    if taken {
        Failure::new(Exit::Failed, format!("{name} still runs"))
            .fix(format!("look at it later with `usciere job history {name}`"))
    } else {
        Failure::unavailable(format!("no node has taken {name}; it stays asked for"))
            .fix("start a node with the role scheduler")
    }
}

const fn exit_of(result: Option<JobResult>) -> Exit {
    match result {
        Some(JobResult::Done) => Exit::Ok,
        Some(JobResult::Failed | JobResult::Panicked | JobResult::Lost) | None => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_done_is_a_success() {
        assert_eq!(exit_of(Some(JobResult::Done)).code(), 0);
        for result in [JobResult::Failed, JobResult::Panicked, JobResult::Lost] {
            assert_eq!(exit_of(Some(result)).code(), 1);
        }
        let name = "overdue".parse().unwrap();
        assert_eq!(too_late(&name, true).exit.code(), 1);
        assert_eq!(too_late(&name, false).exit.code(), 69);
    }
}

//! `usciere job pause` and `resume`.

use chrono::{DateTime, Utc};

use super::{JobPauseArgs, JobResumeArgs, known};
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::who;
use crate::store::Store;

pub(super) async fn pause(
    args: &JobPauseArgs,
    store: &Store,
    now: DateTime<Utc>,
    session: &mut Session,
) -> Result<Exit, Failure> {
    let name = &args.name;
    known(store, Some(name)).await?;
    who::note(store, "job pause", name.to_string()).await?;
    store
        .pause_job(name, &who::user(), args.note.as_deref(), now)
        .await?;
    session
        .printer
        .say(format!("{name} is paused: it runs only when asked for"));
    Ok(Exit::Ok)
}

pub(super) async fn resume(
    args: &JobResumeArgs,
    store: &Store,
    now: DateTime<Utc>,
    session: &mut Session,
) -> Result<Exit, Failure> {
    let name = &args.name;
    let jobs = known(store, Some(name)).await?;
    if !jobs.iter().any(|job| job.paused) {
        return Err(Failure::new(Exit::Conflict, format!("{name} is not paused")));
    }
    who::note(store, "job resume", name.to_string()).await?;
    store.resume_job(name, now).await?;
    session
        .printer
        .say(format!("{name} runs again; what it missed is not caught up"));
    Ok(Exit::Ok)
}

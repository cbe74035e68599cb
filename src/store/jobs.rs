//! Jobs and their runs: which node runs what, once.
//!
//! A run is a row keyed by job and wall-clock time; whoever inserts it runs it. Its lease runs on the database's
//! clock, so a node that died is replaced; when a job is due and what its history says is engine time.

mod people;
mod runs;

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use super::{Store, StoreError};
use crate::domain::event::words;
use crate::domain::ids::{NodeName, text_id};

text_id!(
    /// A job: `overdue`, `mail`, `janitor`.
    JobName, "job name", "^[a-z0-9-]{1,40}$", "1 to 40 of a-z, 0-9 and -",
    |text| (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);

words!(
    /// Why a job ran.
    JobCause {
        /// Its cron line.
        Schedule = "schedule",
        /// A person asked for it.
        Hand = "hand",
    }
);

words!(
    /// How a run ended.
    JobResult {
        Done = "done",
        Failed = "failed",
        Panicked = "panicked",
        /// Its node died, and a later fire came before another node could take over.
        Lost = "lost",
    }
);

/// A job as a scheduler knows it.
#[derive(Debug, Clone)]
pub struct Announced {
    pub name: JobName,
    pub cron: String,
    pub timezone: String,
    pub enabled: bool,
}

/// A run that is due.
#[derive(Debug, Clone)]
pub struct NewJobRun {
    pub job: JobName,
    /// Wall-clock time in the job's zone.
    pub scheduled_for: NaiveDateTime,
    pub timezone: String,
    /// The same as an instant.
    pub due_at: DateTime<Utc>,
    pub cause: JobCause,
    pub late_by: Duration,
}

/// This node's hold on a run. The attempt is the fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunHold {
    pub job: JobName,
    pub scheduled_for: NaiveDateTime,
    pub node: NodeName,
    /// Above 1: taken over from a node that died.
    pub attempt: u32,
}

/// What came of wanting to run a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunStart {
    Started(RunHold),
    /// It has run, or lies before the time the job runs from: nothing to do for this time any more.
    Settled,
    /// A run of this job is going on somewhere: ask again.
    Busy,
    /// People hold the job.
    Paused,
}

/// A run a person asked for and nobody has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRun {
    pub job: JobName,
    pub scheduled_for: NaiveDateTime,
}

/// What came of asking for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunAsked {
    /// A scheduler takes it at its next tick; it stands in the history under this time.
    Asked(NaiveDateTime),
    Missing,
}

/// A run in the history of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct JobRunRow {
    pub job: JobName,
    pub scheduled_for: NaiveDateTime,
    pub timezone: String,
    pub cause: JobCause,
    pub asked_by: Option<String>,
    pub node: Option<String>,
    pub attempt: u32,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub late_by_ms: u64,
    /// `None`: not yet.
    pub result: Option<JobResult>,
    pub report: Option<serde_json::Value>,
}

/// A job with what people did to it and its last run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct JobRow {
    pub name: JobName,
    pub cron: String,
    pub timezone: String,
    pub enabled: bool,
    pub paused: bool,
    pub paused_by: Option<String>,
    pub paused_at: Option<DateTime<Utc>>,
    pub note: Option<String>,
    pub last_run: Option<JobRunRow>,
}

/// Which runs to list, newest first.
#[derive(Debug, Clone)]
pub struct JobRunFilter {
    pub job: JobName,
    /// Only earlier than this one: the last of the page before.
    pub before: Option<NaiveDateTime>,
    pub limit: u16,
}

impl Store {
    /// Makes jobs known, or tells what has changed about them. Fires before `now` are not caught up for new ones.
    pub async fn announce_jobs(&self, jobs: &[Announced], now: DateTime<Utc>) -> Result<(), StoreError> {
        let names: Vec<String> = jobs.iter().map(|job| job.name.to_string()).collect();
        let crons: Vec<String> = jobs.iter().map(|job| job.cron.clone()).collect();
        let zones: Vec<String> = jobs.iter().map(|job| job.timezone.clone()).collect();
        let enabled: Vec<bool> = jobs.iter().map(|job| job.enabled).collect();
        sqlx::query!(
            r#"
            insert into job (name, cron, timezone, enabled, runs_from)
            select n, c, z, e, $5 from unnest($1::text[], $2::text[], $3::text[], $4::bool[]) as j (n, c, z, e)
            order by n
            on conflict (name) do update
            set cron = excluded.cron, timezone = excluded.timezone, enabled = excluded.enabled
            "#,
            &names,
            &crons,
            &zones,
            &enabled,
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

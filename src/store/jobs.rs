//! Jobs and their runs: which node runs what, once.
//!
//! A run is a row keyed by job and wall-clock time; whoever inserts it runs it. Its lease runs on the database's
//! clock, so a node that died is replaced; when a job is due and what its history says is engine time.

mod history;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

    /// Takes a due run for this node, unless it ran, runs, or is held. A run whose node died is taken over.
    pub async fn start_job_run(
        &self,
        run: &NewJobRun,
        node: &NodeName,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<RunStart, StoreError> {
        let mut transaction = self.pool.begin().await?;
        // Its own statement: what follows must see the runs of whoever held this lock before.
        let job = sqlx::query!(
            "select paused, runs_from from job where name = $1 for update",
            run.job.as_str()
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(job) = job else {
            return Ok(RunStart::Settled);
        };
        if run.cause == JobCause::Schedule {
            if job.paused {
                return Ok(RunStart::Paused);
            }
            // A start later than now is left over from a clock that was moved ahead and back.
            if run.due_at < job.runs_from && job.runs_from <= now {
                return Ok(RunStart::Settled);
            }
        }
        sqlx::query!(
            r#"
            update job_run set result = 'lost', finished_at = $3
            where job = $1 and scheduled_for < $2 and result is null and leased_until <= now()
            "#,
            run.job.as_str(),
            run.scheduled_for,
            now
        )
        .execute(&mut *transaction)
        .await?;
        let attempt = sqlx::query_scalar!(
            r#"
            insert into job_run as r (job, scheduled_for, timezone, cause, node, attempt, leased_until, started_at,
                                      late_by_ms)
            select $1, $2, $3, $4, $5, 1, now() + make_interval(secs => $6), $7, $8
            where not exists (
                select from job_run where job = $1 and result is null and leased_until > now()
            )
            on conflict (job, scheduled_for) do update
            set node = excluded.node, attempt = r.attempt + 1, leased_until = excluded.leased_until,
                started_at = excluded.started_at, late_by_ms = excluded.late_by_ms
            where r.result is null
            returning attempt
            "#,
            run.job.as_str(),
            run.scheduled_for,
            run.timezone,
            run.cause.as_str(),
            node.as_str(),
            lease.as_secs_f64(),
            now,
            i64::try_from(run.late_by.as_millis()).unwrap_or(i64::MAX)
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let settled = sqlx::query_scalar!(
            r#"select result is not null as "settled!" from job_run where job = $1 and scheduled_for = $2"#,
            run.job.as_str(),
            run.scheduled_for
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(match attempt {
            Some(attempt) => RunStart::Started(RunHold {
                job: run.job.clone(),
                scheduled_for: run.scheduled_for,
                node: node.clone(),
                attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
            }),
            None if settled == Some(true) => RunStart::Settled,
            None => RunStart::Busy,
        })
    }

    /// Prolongs the lease of a run that still goes on. `false`: it was lost.
    pub async fn renew_job_run(&self, hold: &RunHold, lease: Duration) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            r#"
            update job_run set leased_until = now() + make_interval(secs => $5)
            where job = $1 and scheduled_for = $2 and node = $3 and attempt = $4 and result is null
            "#,
            hold.job.as_str(),
            hold.scheduled_for,
            hold.node.as_str(),
            attempt_of(hold),
            lease.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Records how a run ended. `false`: another node has taken it over meanwhile.
    pub async fn finish_job_run(
        &self,
        hold: &RunHold,
        result: JobResult,
        report: &serde_json::Value,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            r#"
            update job_run set result = $5, report = $6, finished_at = $7
            where job = $1 and scheduled_for = $2 and node = $3 and attempt = $4 and result is null
            "#,
            hold.job.as_str(),
            hold.scheduled_for,
            hold.node.as_str(),
            attempt_of(hold),
            result.as_str(),
            report,
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Holds a job: it does not run by its cron line until resumed. `false`: there is no such job.
    pub async fn pause_job(
        &self,
        job: &JobName,
        by: &str,
        note: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "update job set paused = true, paused_by = $2, paused_at = $3, note = $4 where name = $1",
            job.as_str(),
            by,
            now,
            note
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Lets a job run again, from `now`: what it missed meanwhile is not caught up. `false`: no such job.
    pub async fn resume_job(&self, job: &JobName, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            r#"
            update job
            set paused = false, paused_by = null, paused_at = null, note = null,
                runs_from = case when paused then $2 else runs_from end
            where name = $1
            "#,
            job.as_str(),
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

pub(super) fn attempt_of(hold: &RunHold) -> i32 {
    i32::try_from(hold.attempt).unwrap_or(i32::MAX)
}

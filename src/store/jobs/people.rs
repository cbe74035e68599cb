//! What people do to jobs (pause, resume, run now) and see of them.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::{AskedRun, JobCause, JobName, JobResult, JobRow, JobRunFilter, JobRunRow, RunAsked};
use crate::store::{Store, StoreError};

impl Store {
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

    /// Asks the schedulers to run a job now; `now` is engine time. Works for a paused job, too.
    pub async fn ask_job_run(
        &self,
        job: &JobName,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<RunAsked, StoreError> {
        // A second ask in the same microsecond is the same ask.
        let asked = sqlx::query_scalar!(
            r#"
            insert into job_run as r (job, scheduled_for, timezone, cause, asked_by)
            select name, $2::timestamptz at time zone timezone, timezone, 'hand', $3 from job where name = $1
            on conflict (job, scheduled_for) do update set asked_by = coalesce(r.asked_by, excluded.asked_by)
            returning scheduled_for
            "#,
            job.as_str(),
            now,
            by
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(asked.map_or(RunAsked::Missing, RunAsked::Asked))
    }

    /// Runs people asked for that no living node has, oldest first.
    pub async fn asked_job_runs(&self) -> Result<Vec<AskedRun>, StoreError> {
        let rows = sqlx::query!(
            r#"
            select job, scheduled_for from job_run
            where result is null and cause = 'hand' and (leased_until is null or leased_until <= now())
            order by scheduled_for
            limit 100
            "#
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(AskedRun {
                    job: read_name(&row.job)?,
                    scheduled_for: row.scheduled_for,
                })
            })
            .collect()
    }

    /// Every job ever announced, by name, with its last run.
    pub async fn list_jobs(&self) -> Result<Vec<JobRow>, StoreError> {
        let jobs = sqlx::query!(
            r#"
            select name, cron, timezone, enabled, paused, paused_by, paused_at, note from job
            order by name
            limit 1000
            "#
        )
        .fetch_all(&self.pool)
        .await?;
        let mut last_runs = self.last_runs().await?;
        jobs.into_iter()
            .map(|job| {
                let name = read_name(&job.name)?;
                Ok(JobRow {
                    last_run: last_runs.remove(&name),
                    name,
                    cron: job.cron,
                    timezone: job.timezone,
                    enabled: job.enabled,
                    paused: job.paused,
                    paused_by: job.paused_by,
                    paused_at: job.paused_at,
                    note: job.note,
                })
            })
            .collect()
    }

    async fn last_runs(&self) -> Result<HashMap<JobName, JobRunRow>, StoreError> {
        let rows = sqlx::query_as!(
            RunRow,
            r#"
            select r.job, r.scheduled_for, r.timezone, r.cause, r.asked_by, r.node, r.attempt, r.started_at,
                   r.finished_at, r.late_by_ms, r.result, r.report
            from job as j
            cross join lateral (
                select * from job_run where job = j.name order by scheduled_for desc limit 1
            ) as r
            "#
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| JobRunRow::try_from(row).map(|run| (run.job.clone(), run)))
            .collect()
    }

    /// The runs of a job, newest first.
    pub async fn job_history(&self, filter: &JobRunFilter) -> Result<Vec<JobRunRow>, StoreError> {
        let rows = sqlx::query_as!(
            RunRow,
            r#"
            select job, scheduled_for, timezone, cause, asked_by, node, attempt, started_at, finished_at, late_by_ms,
                   result, report
            from job_run
            where job = $1 and ($2::timestamp is null or scheduled_for < $2)
            order by scheduled_for desc
            limit $3
            "#,
            filter.job.as_str(),
            filter.before,
            i64::from(filter.limit)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(JobRunRow::try_from).collect()
    }

    /// Forgets runs that ended longer than `age` before `now` (engine time), at most 10,000 at a time: how many.
    /// The last run of each job stays, or its time would look as if it never ran.
    pub async fn forget_job_runs(&self, age: Duration, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let gone = sqlx::query!(
            r#"
            delete from job_run where (job, scheduled_for) in (
                select job, scheduled_for from job_run as r
                where finished_at < $2::timestamptz - make_interval(secs => $1)
                  and scheduled_for < (select max(scheduled_for) from job_run where job = r.job)
                limit 10000
            )
            "#,
            age.as_secs_f64(),
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(gone.rows_affected())
    }
}

struct RunRow {
    job: String,
    scheduled_for: NaiveDateTime,
    timezone: String,
    cause: String,
    asked_by: Option<String>,
    node: Option<String>,
    attempt: i32,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    late_by_ms: i64,
    result: Option<String>,
    report: Option<serde_json::Value>,
}

impl TryFrom<RunRow> for JobRunRow {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        let corrupt =
            |column| StoreError::corrupt("job_run", column, format!("{} {}", row.job, row.scheduled_for));
        let result = match row.result.as_deref() {
            None => None,
            Some(word) => Some(JobResult::from_word(word).ok_or_else(|| corrupt("result"))?),
        };
        Ok(Self {
            job: read_name(&row.job)?,
            cause: JobCause::from_word(&row.cause).ok_or_else(|| corrupt("cause"))?,
            attempt: u32::try_from(row.attempt).map_err(|_| corrupt("attempt"))?,
            late_by_ms: u64::try_from(row.late_by_ms).map_err(|_| corrupt("late_by_ms"))?,
            result,
            scheduled_for: row.scheduled_for,
            timezone: row.timezone,
            asked_by: row.asked_by,
            node: row.node,
            started_at: row.started_at,
            finished_at: row.finished_at,
            report: row.report,
        })
    }
}

fn read_name(name: &str) -> Result<JobName, StoreError> {
    JobName::parse(name).map_err(|_| StoreError::corrupt("job", "name", name))
}

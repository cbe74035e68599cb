//! Taking a run, keeping it, and recording its end.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Postgres, Transaction};

use super::{JobCause, JobResult, NewJobRun, RunHold, RunStart};
use crate::domain::ids::NodeName;
use crate::store::{Store, StoreError};

impl Store {
    /// Takes a due run for this node, unless it ran, runs, or is held. A run whose node died is taken over.
    pub async fn start_job_run(
        &self,
        run: &NewJobRun,
        node: &NodeName,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<RunStart, StoreError> {
        let mut transaction = self.pool.begin().await?;
        if let Some(answer) = lock_job(&mut transaction, run, now).await? {
            return Ok(answer);
        }
        give_up_dead(&mut transaction, run, now).await?;
        let attempt = take(&mut transaction, run, node, lease, now).await?;
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
}

/// Lets one scheduler at a time decide about a job, and answers where there is nothing to decide.
///
/// A statement of its own: what follows must see the runs of whoever held the lock before.
async fn lock_job(
    transaction: &mut Transaction<'static, Postgres>,
    run: &NewJobRun,
    now: DateTime<Utc>,
) -> Result<Option<RunStart>, StoreError> {
    let job = sqlx::query!(
        "select paused, runs_from from job where name = $1 for update",
        run.job.as_str()
    )
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(job) = job else {
        return Ok(Some(RunStart::Settled));
    };
    // A beginning later than now is left over from a clock that was moved ahead and back.
    let before_its_time = run.due_at < job.runs_from && job.runs_from <= now;
    Ok(match run.cause {
        JobCause::Schedule if job.paused => Some(RunStart::Paused),
        JobCause::Schedule if before_its_time => Some(RunStart::Settled),
        JobCause::Schedule | JobCause::Hand => None,
    })
}

/// Runs before this one whose node died: this one does their work.
async fn give_up_dead(
    transaction: &mut Transaction<'static, Postgres>,
    run: &NewJobRun,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        update job_run set result = 'lost', finished_at = $3
        where job = $1 and scheduled_for < $2 and result is null and leased_until <= now()
        "#,
        run.job.as_str(),
        run.scheduled_for,
        now
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Takes the run, new or left by a node that died. `None`: it has ended, or the job is running.
async fn take(
    transaction: &mut Transaction<'static, Postgres>,
    run: &NewJobRun,
    node: &NodeName,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<Option<i32>, StoreError> {
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
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(attempt)
}

fn attempt_of(hold: &RunHold) -> i32 {
    i32::try_from(hold.attempt).unwrap_or(i32::MAX)
}

//! One run of a job: kept alive while it goes on, recorded when it ends, however it ends.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDateTime;
use metrics::{counter, gauge};
use serde_json::{Value, json};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Job, JobContext, JobError, JobReport};
use crate::clock::Clock;
use crate::domain::ids::NodeName;
use crate::store::{JobCause, JobName, JobResult, RunHold, Store};
use crate::telemetry::metrics::{JOB_LATE_SECONDS, JOB_RUNS};

/// What a run needs of its node.
#[derive(Clone)]
pub(super) struct Runner {
    pub(super) store: Store,
    pub(super) node: NodeName,
    pub(super) clock: Clock,
    pub(super) stop: CancellationToken,
    pub(super) lease: Duration,
}

/// A run that ended.
pub(super) struct Finished {
    pub(super) job: JobName,
    pub(super) scheduled_for: NaiveDateTime,
    pub(super) cause: JobCause,
    /// Its end stands in the history; otherwise somebody will have to run it again.
    pub(super) recorded: bool,
}

/// How often the end of a run is written before it is left to whoever takes over: about as long as the lease.
const WRITES: u32 = 6;

impl Runner {
    pub(super) async fn run(self, job: Job, hold: RunHold, context: JobContext) -> Finished {
        let cause = context.cause;
        let late_by = context.late_by;
        let stop = context.stop.clone();
        let work = tokio::spawn({
            let run = Arc::clone(&job.run);
            // Called inside the task, so that a panic before its first await is caught as well.
            async move { run(context).await }
        });
        let ended = self.keep_alive(work, &hold, &stop).await;
        let (result, report) = outcome(ended);
        match result {
            JobResult::Done => info!(job.name = %job.name, job.scheduled_for = %hold.scheduled_for,
                job.late_by = ?late_by, job.report = %report, "job done"),
            JobResult::Failed | JobResult::Panicked | JobResult::Lost => error!(job.name = %job.name,
                job.scheduled_for = %hold.scheduled_for, job.result = %result, job.report = %report,
                "job did not get through; it comes again at its next fire"),
        }
        counter!(JOB_RUNS, "job" => job.name.to_string(), "outcome" => result.as_str()).increment(1);
        gauge!(JOB_LATE_SECONDS, "job" => job.name.to_string()).set(late_by.as_secs_f64());
        let recorded = self.record(&hold, result, &report).await;
        Finished {
            job: job.name,
            scheduled_for: hold.scheduled_for,
            cause,
            recorded,
        }
    }

    /// Renews the lease until the work ends. The work is its own task: a panic ends only that.
    async fn keep_alive(
        &self,
        mut work: JoinHandle<Result<JobReport, JobError>>,
        hold: &RunHold,
        stop: &CancellationToken,
    ) -> Result<Result<JobReport, JobError>, JoinError> {
        loop {
            tokio::select! {
                ended = &mut work => return ended,
                () = tokio::time::sleep(self.lease / 3) => {}
            }
            match self.store.renew_job_run(hold, self.lease).await {
                Ok(true) => {}
                Ok(false) => {
                    warn!(job.name = %hold.job, "another node has taken this run over");
                    stop.cancel();
                }
                Err(error) => {
                    warn!(job.name = %hold.job, error = %error, "the lease of a run is not renewed");
                }
            }
        }
    }

    async fn record(&self, hold: &RunHold, result: JobResult, report: &Value) -> bool {
        for write in 0..WRITES {
            match self
                .store
                .finish_job_run(hold, result, report, self.clock.now())
                .await
            {
                Ok(ours) => return ours,
                Err(error) => warn!(job.name = %hold.job, error = %error, "the end of a run is not recorded"),
            }
            tokio::time::sleep(Duration::from_millis(200) * 2_u32.pow(write)).await;
        }
        false
    }
}

fn outcome(ended: Result<Result<JobReport, JobError>, JoinError>) -> (JobResult, Value) {
    match ended {
        Ok(Ok(report)) => (JobResult::Done, json!(report)),
        Ok(Err(error)) => (JobResult::Failed, json!({ "error": error.to_string() })),
        Err(_) => (
            JobResult::Panicked,
            json!({ "error": "the job panicked; the log has the place" }),
        ),
    }
}

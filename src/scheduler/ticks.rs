//! The metronome: tokio-cron-scheduler, once a second, in UTC. Needs a multi-threaded runtime: on one thread the crate
//! hangs when a job is added (its README says so).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tracing::warn;

/// The metronome does not start.
#[derive(Debug, thiserror::Error)]
#[error("the scheduler's ticks do not start")]
pub struct TicksError(#[from] JobSchedulerError);

/// Waiting longer than this means the metronome stopped: it works in detached tasks and does not say so.
const AT_MOST: Duration = Duration::from_secs(5);

/// Ticks; those that come while nobody waits are one.
pub(super) struct Ticks {
    scheduler: JobScheduler,
    ticked: Arc<Notify>,
}

impl Ticks {
    pub(super) async fn start() -> Result<Self, TicksError> {
        let ticked = Arc::new(Notify::new());
        let scheduler = JobScheduler::new().await?;
        let tick = Arc::clone(&ticked);
        let job = Job::new("* * * * * *", move |_, _| tick.notify_one())?;
        scheduler.add(job).await?;
        scheduler.start().await?;
        Ok(Self { scheduler, ticked })
    }

    pub(super) async fn next(&self) {
        if tokio::time::timeout(AT_MOST, self.ticked.notified())
            .await
            .is_err()
        {
            warn!("no tick for {AT_MOST:?}; looking at the jobs all the same");
        }
    }

    pub(super) async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            warn!(error = %error, "the scheduler's ticks do not stop");
        }
    }
}

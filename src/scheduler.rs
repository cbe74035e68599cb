//! Jobs by the clock: what is due is decided by `job_run` rows and [`Clock::now`], never by a timer.
//!
//! tokio-cron-scheduler only ticks, in UTC, once a second: its own local times go wrong when the clocks change, and
//! every node would fire (RELIABILITY F12). Any number of nodes may run this; the row that is inserted first runs
//! the job. A job must bear being run again: a node may die between its work and the record of it.

mod runner;
mod ticks;

pub mod cron_line;
pub mod wall_clock;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub use cron_line::{CronLine, InvalidCronLine};
pub use ticks::TicksError;
pub use wall_clock::next_fires;

use crate::clock::Clock;
use crate::domain::ids::NodeName;
use crate::store::{Announced, JobCause, JobName, NewJobRun, RunHold, RunStart, Store, StoreError};
use runner::{Finished, Runner};
use ticks::Ticks;
use wall_clock::{Due, due};

/// How long a run outlives its node before another takes it over. Renewed three times as often while it goes on.
const LEASE: Duration = Duration::from_secs(10);

/// Something that is done by the clock.
#[derive(Clone)]
pub struct Job {
    pub name: JobName,
    pub cron: CronLine,
    pub zone: Tz,
    /// A job that is not enabled runs only when asked for.
    pub enabled: bool,
    run: Arc<dyn Fn(JobContext) -> BoxFuture<'static, Result<JobReport, JobError>> + Send + Sync>,
}

impl Job {
    pub fn new<Work, Doing>(name: JobName, cron: CronLine, zone: Tz, run: Work) -> Self
    where
        Work: Fn(JobContext) -> Doing + Send + Sync + 'static,
        Doing: Future<Output = Result<JobReport, JobError>> + Send + 'static,
    {
        let run = Arc::new(move |context| run(context).boxed());
        Self {
            name,
            cron,
            zone,
            enabled: true,
            run,
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Job({} `{}` {})", self.name, self.cron, self.zone)
    }
}

/// What a run is told.
#[derive(Debug, Clone)]
pub struct JobContext {
    pub job: JobName,
    /// Wall-clock time in the job's zone.
    pub scheduled_for: NaiveDateTime,
    pub late_by: Duration,
    pub cause: JobCause,
    /// Above 1: a node died over an earlier try.
    pub attempt: u32,
    /// Cancelled when the node stops or has lost the run to another: finish the piece in hand and return.
    pub stop: CancellationToken,
}

/// What a run did, for its history.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct JobReport {
    /// How many of whatever the job works on.
    pub worked: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why a run failed, with its causes in one line. Any error becomes one by `?`.
#[derive(Debug)]
pub struct JobError(String);

impl<E: std::error::Error> From<E> for JobError {
    fn from(error: E) -> Self {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        Self(causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}")))
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs jobs until `shutdown`, then waits for those that go on.
pub async fn run(
    store: Store,
    node: NodeName,
    jobs: Vec<Job>,
    clock: Clock,
    shutdown: CancellationToken,
) -> Result<(), TicksError> {
    let ticks = Ticks::start().await?;
    let mut scheduler = Scheduler::new(store, node, jobs, clock, shutdown.clone());
    while !shutdown.is_cancelled() {
        scheduler.tick().await;
        tokio::select! {
            () = ticks.next() => {}
            () = shutdown.cancelled() => {}
        }
    }
    ticks.stop().await;
    scheduler.settle().await;
    Ok(())
}

/// The jobs of one node and what it knows about them.
pub struct Scheduler {
    jobs: Vec<Job>,
    clock: Clock,
    runner: Runner,
    announced: bool,
    /// The fires that need no more asking: they have run, here or elsewhere.
    settled: HashMap<JobName, NaiveDateTime>,
    running: HashSet<JobName>,
    runs: JoinSet<Finished>,
    store_away: bool,
}

impl Scheduler {
    pub fn new(store: Store, node: NodeName, jobs: Vec<Job>, clock: Clock, stop: CancellationToken) -> Self {
        Self {
            jobs,
            clock: clock.clone(),
            runner: Runner {
                store,
                node,
                clock,
                stop,
                lease: LEASE,
            },
            announced: false,
            settled: HashMap::new(),
            running: HashSet::new(),
            runs: JoinSet::new(),
            store_away: false,
        }
    }

    /// Starts what is due and nobody else has started. Does not wait for it.
    pub async fn tick(&mut self) {
        while let Some(finished) = self.runs.try_join_next() {
            self.note_finished(finished);
        }
        match self.start_due().await {
            Ok(()) if self.store_away => {
                info!("the scheduler has its database back");
                self.store_away = false;
            }
            Err(error) if !self.store_away => {
                warn!(error = %error, "the scheduler cannot ask what is due");
                self.store_away = true;
            }
            Ok(()) | Err(_) => {}
        }
    }

    /// Waits for the runs that go on.
    pub async fn settle(&mut self) {
        while let Some(finished) = self.runs.join_next().await {
            self.note_finished(finished);
        }
    }

    async fn start_due(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        if !self.announced {
            self.announce(now).await?;
        }
        for job in self.jobs.clone() {
            let Some(due) = due(&job.cron, job.zone, now) else {
                continue;
            };
            if job.enabled && self.settled.get(&job.name) != Some(&due.wall) {
                self.start(&job, due, JobCause::Schedule, now).await?;
            }
        }
        for asked in self.runner.store.asked_job_runs().await? {
            let job = self.jobs.iter().find(|job| job.name == asked.job).cloned();
            if let Some(job) = job {
                let due = Due {
                    wall: asked.scheduled_for,
                    at: now,
                };
                self.start(&job, due, JobCause::Hand, now).await?;
            }
        }
        Ok(())
    }

    async fn announce(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let jobs: Vec<Announced> = self
            .jobs
            .iter()
            .map(|job| Announced {
                name: job.name.clone(),
                cron: job.cron.to_string(),
                timezone: job.zone.to_string(),
                enabled: job.enabled,
            })
            .collect();
        self.runner.store.announce_jobs(&jobs, now).await?;
        self.announced = true;
        Ok(())
    }

    async fn start(
        &mut self,
        job: &Job,
        due: Due,
        cause: JobCause,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.running.contains(&job.name) {
            return Ok(());
        }
        let run = NewJobRun {
            job: job.name.clone(),
            scheduled_for: due.wall,
            timezone: job.zone.to_string(),
            due_at: due.at,
            cause,
            late_by: (now - due.at).to_std().unwrap_or_default(),
        };
        match self
            .runner
            .store
            .start_job_run(&run, &self.runner.node, LEASE, now)
            .await?
        {
            RunStart::Started(hold) => self.spawn(job, hold, &run),
            RunStart::Settled => {
                self.settled.insert(run.job, run.scheduled_for);
            }
            RunStart::Busy | RunStart::Paused => {}
        }
        Ok(())
    }

    fn spawn(&mut self, job: &Job, hold: RunHold, run: &NewJobRun) {
        self.running.insert(job.name.clone());
        let context = JobContext {
            job: job.name.clone(),
            scheduled_for: run.scheduled_for,
            late_by: run.late_by,
            cause: run.cause,
            attempt: hold.attempt,
            stop: self.runner.stop.child_token(),
        };
        self.runs
            .spawn(self.runner.clone().run(job.clone(), hold, context));
    }

    fn note_finished(&mut self, finished: Result<Finished, tokio::task::JoinError>) {
        // The runner catches panics of jobs; its own would be a fault of this module and must not hide.
        let finished = finished.expect("the task that watches a job does not panic and is not aborted");
        self.running.remove(&finished.job);
        // Unrecorded, it is asked about again: the lease ends, and this node or another repeats it.
        if finished.recorded && finished.cause == JobCause::Schedule {
            self.settled.insert(finished.job, finished.scheduled_for);
        }
    }
}

//! The jobs of a node: what runs by the clock.

use std::sync::Arc;

use chrono_tz::Tz;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::config::Config;
use crate::config::retention::Retention;
use crate::engine::Engine;
use crate::scheduler::{CronLine, Job, JobContext, JobError, JobReport};
use crate::store::{JobName, Kept, Store, StoreError};

/// When each built-in job runs unless the configuration says otherwise.
const SCHEDULES: [(&str, &str, Tz); 6] = [
    ("overdue", "0 * * * * *", Tz::UTC),
    ("mail", "*/30 * * * * *", Tz::UTC),
    ("digest", "0 */5 * * * *", Tz::UTC),
    ("attachment-scan", "20 * * * * *", Tz::UTC),
    ("statistics", "40 * * * * *", Tz::UTC),
    ("janitor", "0 15 3 * * *", Tz::Europe__Rome),
];

/// Everything built-in jobs work with.
#[derive(Clone)]
pub struct JobParts {
    pub store: Store,
    pub engine: Arc<Engine>,
    pub clock: Clock,
    /// Wakes the mailer of this node.
    pub mails: Arc<Notify>,
}

/// The built-in jobs, as the configuration wants them.
pub fn built_in(config: &Config, parts: &JobParts) -> Vec<Job> {
    let jobs = SCHEDULES.into_iter().map(|(name, cron, zone)| {
        let job = job(name, cron, zone, parts, &config.retention);
        config.jobs.apply(job)
    });
    jobs.collect()
}

fn job(name: &'static str, cron: &str, zone: Tz, parts: &JobParts, retention: &Retention) -> Job {
    let (parts, retention) = (parts.clone(), retention.clone());
    let name = JobName::parse(name).expect("lower-case letters");
    let cron = CronLine::parse(cron).expect("six fields both parsers read alike");
    match name.as_str() {
        "overdue" => Job::new(name, cron, zone, move |context| sweep(parts.clone(), context)),
        "mail" => Job::new(name, cron, zone, move |_| wake(parts.clone())),
        "digest" => Job::new(name, cron, zone, move |context| digest(parts.clone(), context)),
        "statistics" => Job::new(name, cron, zone, move |context| count(parts.clone(), context)),
        "attachment-scan" => Job::new(name, cron, zone, move |_| scan(parts.clone())),
        _ => Job::new(name, cron, zone, move |_| clean(parts.clone(), retention.clone())),
    }
}

/// Deadlines: from D+16 a waiting request is overdue, and its portal is told once.
async fn sweep(parts: JobParts, context: JobContext) -> Result<JobReport, JobError> {
    let swept = parts.engine.sweep(|| context.stop.is_cancelled()).await?;
    let note = (swept.failed > 0).then(|| format!("{} timers could not be decided", swept.failed));
    Ok(JobReport {
        worked: swept.fired,
        note,
    })
}

/// Files that came while the scanner was away.
async fn scan(parts: JobParts) -> Result<JobReport, JobError> {
    let scanned = parts.engine.scan_waiting_files().await?;
    let note = match (scanned.infected, scanned.failed, scanned.broke_off) {
        (0, 0, false) => None,
        (infected, failed, broke_off) => Some(format!(
            "{infected} infected, {failed} not judged{}",
            if broke_off {
                ", the rest waits for the scanner"
            } else {
                ""
            }
        )),
    };
    Ok(JobReport {
        worked: scanned.clean + scanned.infected,
        note,
    })
}

/// Mails whose quiet is over go out; those whose next try is due are looked for even if nobody announced them.
async fn wake(parts: JobParts) -> Result<JobReport, JobError> {
    let released = parts.store.release_mails(parts.clock.now()).await?;
    parts.mails.notify_one();
    Ok(JobReport {
        worked: released,
        note: None,
    })
}

/// One mail a day to whoever wants to hear of things once a day, from his or her hour on.
async fn digest(parts: JobParts, context: JobContext) -> Result<JobReport, JobError> {
    let queued = crate::mail::queue_digests(&parts.store, parts.clock.now(), &context.stop).await?;
    Ok(JobReport {
        worked: queued,
        note: None,
    })
}

/// Figures: what was opened until two minutes ago, and what changed since about earlier requests.
async fn count(parts: JobParts, context: JobContext) -> Result<JobReport, JobError> {
    // What is counted until the node stops stands; another run goes on from there.
    let stops = || context.stop.is_cancelled();
    let counted = parts.store.count_figures(parts.clock.now(), stops).await?;
    Ok(JobReport {
        worked: counted.cells,
        note: None,
    })
}

/// Partitions ahead, and everything older than it has to be kept.
async fn clean(parts: JobParts, retention: Retention) -> Result<JobReport, JobError> {
    let worked = clean_up(&parts.store, &retention, &parts.clock).await?;
    Ok(JobReport { worked, note: None })
}

async fn clean_up(store: &Store, retention: &Retention, clock: &Clock) -> Result<u64, StoreError> {
    store.create_partitions().await?;
    let kept = Kept {
        inbox: retention.inbox.get(),
        outbox: retention.outbox.get(),
        dead_letters: retention.dead_letters.get(),
    };
    let mut forgotten = store.forget(&kept).await?;
    // So many at a time, until there is nothing left to forget.
    loop {
        let portion = store
            .forget_mails(retention.mails.get(), retention.unsent_mails.get())
            .await?
            + store
                .forget_job_runs(retention.job_runs.get(), clock.now())
                .await?;
        if portion == 0 {
            break;
        }
        forgotten += portion;
    }
    forgotten += store.expire_audit(retention.audit.get()).await?;
    Ok(forgotten)
}

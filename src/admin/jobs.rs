//! Jobs as those who run usciere see them, with the times they run next as the scheduler itself reckons.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Serialize;

use crate::scheduler::{CronLine, next_fires};
use crate::store::JobRow;

/// A job, and when it runs next.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct JobLine {
    #[serde(flatten)]
    pub job: JobRow,
    pub next_at: Option<DateTime<Utc>>,
}

impl JobLine {
    pub fn new(job: JobRow, now: DateTime<Utc>) -> Self {
        Self {
            next_at: fires(&job, now, 1).first().map(DateTime::to_utc),
            job,
        }
    }
}

/// The next fires of a job; none while it is held or runs only by hand.
pub fn fires(job: &JobRow, now: DateTime<Utc>, count: usize) -> Vec<DateTime<Tz>> {
    if job.paused || !job.enabled {
        return Vec::new();
    }
    match (CronLine::parse(&job.cron), job.timezone.parse::<Tz>()) {
        (Ok(cron), Ok(zone)) => next_fires(&cron, zone, now, count),
        // Announced by a newer program that knows more lines or zones than this one.
        (Err(_), _) | (_, Err(_)) => Vec::new(),
    }
}

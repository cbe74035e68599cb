//! `usciere job next`: when jobs run, as the scheduler itself reckons.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::{JobNextArgs, known};
use crate::admin::jobs::fires;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::session::Session;
use crate::store::{JobName, JobRow, Store};

#[derive(Debug, Serialize)]
struct Line {
    job: JobName,
    at: DateTime<Utc>,
    /// On the wall of the job's zone.
    local: String,
    timezone: String,
}

pub(super) async fn run(
    args: &JobNextArgs,
    store: &Store,
    now: DateTime<Utc>,
    session: &mut Session,
) -> Result<Exit, Failure> {
    let jobs = known(store, args.name.as_ref()).await?;
    let mut lines = Vec::new();
    for job in &jobs {
        let fires = fires(job, now, args.count.into());
        if fires.is_empty() {
            let name = &job.name;
            session.printer.say(format!("{name} {}", why_not(job)));
        }
        lines.extend(fires.into_iter().map(|at| Line::new(job, at)));
    }
    session.printer.rows(&lines)?;
    Ok(Exit::Ok)
}

fn why_not(job: &JobRow) -> &'static str {
    match (job.paused, job.enabled) {
        (true, _) => "is paused: it runs when asked for",
        (false, false) => "is switched off: it runs when asked for",
        (false, true) => "has no fire that this program can reckon",
    }
}

impl Line {
    fn new(job: &JobRow, at: DateTime<Tz>) -> Self {
        Self {
            job: job.name.clone(),
            at: at.to_utc(),
            local: at.format("%Y-%m-%d %H:%M:%S%:z").to_string(),
            timezone: job.timezone.clone(),
        }
    }
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &["job", "at", "timezone"];

    fn cells(&self) -> Vec<String> {
        vec![self.job.to_string(), self.local.clone(), self.timezone.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::{every_format, job, moment};

    #[test]
    fn the_hour_on_the_wall_stays_when_clocks_change() {
        let now = moment("2026-03-27T12:00:00Z");
        let lines: Vec<Line> = fires(&job(), now, 3)
            .into_iter()
            .map(|at| Line::new(&job(), at))
            .collect();
        insta::assert_snapshot!(every_format(|printer| printer.rows(&lines)));
    }

    #[test]
    fn a_job_that_is_held_has_no_next_run() {
        let now = moment("2026-03-27T12:00:00Z");
        let paused = JobRow {
            paused: true,
            ..job()
        };
        let off = JobRow {
            enabled: false,
            ..job()
        };
        let foreign = JobRow {
            timezone: "Mars/Olympus".to_owned(),
            ..job()
        };
        for held in [paused, off, foreign] {
            assert!(fires(&held, now, 3).is_empty(), "{}", why_not(&held));
        }
    }
}

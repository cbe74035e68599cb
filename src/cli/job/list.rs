//! `usciere job list`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::history::ended;
use crate::admin::jobs::JobLine;
use crate::cli::cells::{flag, maybe, moment};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::session::Session;
use crate::store::Store;

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Line(JobLine);

pub(super) async fn run(store: &Store, now: DateTime<Utc>, session: &mut Session) -> Result<Exit, Failure> {
    let lines: Vec<Line> = store
        .list_jobs()
        .await?
        .into_iter()
        .map(|job| Line(JobLine::new(job, now)))
        .collect();
    session.printer.rows(&lines)?;
    if lines.is_empty() {
        session
            .printer
            .say("no job is known yet: a node with the role scheduler makes its jobs known");
    }
    Ok(Exit::Ok)
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &[
        "name", "cron", "timezone", "next", "last_run", "result", "held", "note",
    ];

    fn cells(&self) -> Vec<String> {
        let job = &self.0.job;
        let held = if job.paused {
            format!("paused by {}", maybe(job.paused_by.as_ref()))
        } else {
            flag(!job.enabled, "off")
        };
        let last = job.last_run.as_ref();
        vec![
            job.name.to_string(),
            job.cron.clone(),
            job.timezone.clone(),
            maybe(self.0.next_at.map(moment)),
            maybe(last.and_then(|run| run.started_at).map(moment)),
            last.map(ended).unwrap_or_default(),
            held,
            maybe(job.note.as_ref()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::{every_format, job, job_run, moment as at};
    use crate::store::JobRow;

    #[test]
    fn a_list_says_how_each_job_stands() {
        let now = at("2026-11-23T09:00:00Z");
        let paused = JobRow {
            name: "overdue".parse().unwrap(),
            paused: true,
            paused_by: Some("anna".to_owned()),
            paused_at: Some(now),
            note: Some("manutenzione".to_owned()),
            last_run: None,
            ..job()
        };
        let ran = JobRow {
            last_run: Some(job_run()),
            ..job()
        };
        let lines = [ran, paused].map(|job| Line(JobLine::new(job, now)));
        insta::assert_snapshot!(every_format(|printer| printer.rows(&lines)));
    }
}

//! `usciere job history`.

use std::time::Duration;

use chrono::NaiveDateTime;
use serde::Serialize;

use super::{JobHistoryArgs, known};
use crate::cli::cells::{age, maybe, moment};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::session::Session;
use crate::store::{JobRunFilter, JobRunRow, Store};

#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Line(pub(super) JobRunRow);

pub(super) async fn run(
    args: &JobHistoryArgs,
    store: &Store,
    session: &mut Session,
) -> Result<Exit, Failure> {
    known(store, Some(&args.name)).await?;
    let filter = JobRunFilter {
        job: args.name.clone(),
        before: args.page.after.as_deref().map(wall_time).transpose()?,
        limit: args.page.one_more(),
    };
    let mut runs = store.job_history(&filter).await?;
    let more = args.page.cut(&mut runs);
    let lines: Vec<Line> = runs.into_iter().map(Line).collect();
    session.printer.rows(&lines)?;
    match lines.last() {
        None => session.printer.say(format!("{} has not run yet", args.name)),
        Some(Line(last)) if more => session
            .printer
            .say(format!("there are more: add --after {}", iso(last.scheduled_for))),
        Some(_) => {}
    }
    Ok(Exit::Ok)
}

/// The time that names a run, as [`iso`] writes it.
fn wall_time(text: &str) -> Result<NaiveDateTime, Failure> {
    text.parse()
        .map_err(|_| Failure::usage(format!("--after {text}: expected the scheduled_for of a run")))
}

fn iso(wall: NaiveDateTime) -> String {
    wall.format("%Y-%m-%dT%H:%M:%S%.f").to_string()
}

/// How a run ended, or that it goes on.
pub(super) fn ended(run: &JobRunRow) -> String {
    match (run.result, run.started_at) {
        (Some(result), _) => result.to_string(),
        (None, Some(_)) => "running".to_owned(),
        (None, None) => "waiting".to_owned(),
    }
}

/// What its report says: how many it worked on, and what was worth noting.
pub(super) fn reported(run: &JobRunRow) -> String {
    let Some(report) = &run.report else {
        return String::new();
    };
    let worked = report.get("worked").map(|worked| format!("{worked} worked on"));
    let words = ["note", "error"].map(|key| report.get(key)?.as_str().map(str::to_owned));
    let parts = std::iter::once(worked).chain(words).flatten();
    parts.collect::<Vec<_>>().join(", ")
}

fn took(run: &JobRunRow) -> Option<String> {
    let took = (run.finished_at? - run.started_at?).to_std().unwrap_or_default();
    Some(if took < Duration::from_secs(10) {
        format!("{} ms", took.as_millis())
    } else {
        age(took)
    })
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &[
        "scheduled_for",
        "cause",
        "by",
        "node",
        "started",
        "took",
        "result",
        "report",
    ];

    fn cells(&self) -> Vec<String> {
        let run = &self.0;
        vec![
            iso(run.scheduled_for),
            run.cause.to_string(),
            maybe(run.asked_by.as_ref()),
            maybe(run.node.as_ref()),
            maybe(run.started_at.map(moment)),
            maybe(took(run)),
            ended(run),
            reported(run),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::examples::{every_format, job_run};
    use crate::store::{JobCause, JobResult};

    #[test]
    fn every_run_is_told() {
        let failed = JobRunRow {
            cause: JobCause::Hand,
            asked_by: Some("anna".to_owned()),
            result: Some(JobResult::Failed),
            report: Some(json!({ "error": "the database does not answer" })),
            ..job_run()
        };
        let going_on = JobRunRow {
            result: None,
            finished_at: None,
            report: None,
            ..job_run()
        };
        let asked = JobRunRow {
            started_at: None,
            node: None,
            ..going_on.clone()
        };
        let lines = [asked, going_on, failed, job_run()].map(Line);
        insta::assert_snapshot!(every_format(|printer| printer.rows(&lines)));
    }

    #[test]
    fn the_name_of_a_run_reads_back() {
        let run = job_run().scheduled_for;
        assert_eq!(wall_time(&iso(run)).unwrap(), run);
        assert_eq!(wall_time("yesterday").unwrap_err().exit.code(), 2);
    }
}

//! `usciere workflow test`: runs scenario files.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{WorkflowTestArgs, find};
use crate::cli::cells::count;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Format, Row};
use crate::cli::session::Session;
use crate::workflow::scenario::{FOLDER, Outcome, Report, run_all, run_files, run_folder};

#[derive(Debug, Serialize)]
struct ScenarioRow {
    file: String,
    title: String,
    /// The requirements it stands for.
    rules: Vec<String>,
    steps: usize,
    passed: bool,
    failures: Vec<FailureRow>,
}

#[derive(Debug, Serialize)]
struct FailureRow {
    line: usize,
    message: String,
}

impl Row for ScenarioRow {
    const COLUMNS: &'static [&'static str] = &["file", "title", "rules", "steps", "passed", "failures"];

    fn cells(&self) -> Vec<String> {
        let failures: Vec<String> = self
            .failures
            .iter()
            .map(|failure| format!("{}: {}", failure.line, failure.message))
            .collect();
        vec![
            self.file.clone(),
            self.title.clone(),
            self.rules.join(" "),
            self.steps.to_string(),
            self.passed.to_string(),
            failures.join("; "),
        ]
    }
}

impl ScenarioRow {
    fn of(outcome: &Outcome) -> Self {
        let failure = |failure: &crate::workflow::scenario::Failure| FailureRow {
            line: failure.line,
            message: failure.message.clone(),
        };
        Self {
            file: outcome.file.clone(),
            title: outcome.title.clone(),
            rules: outcome.rules.clone(),
            steps: outcome.steps,
            passed: outcome.failures.is_empty(),
            failures: outcome.failures.iter().map(failure).collect(),
        }
    }
}

pub(super) fn run(args: &WorkflowTestArgs, session: &mut Session) -> Result<Exit, Failure> {
    let report = played(args.path.as_deref(), session)?;
    match session.printer.format() {
        Format::Table => session.printer.document(&report.to_string())?,
        Format::Json | Format::Jsonl | Format::Csv => {
            let rows: Vec<ScenarioRow> = report.scenarios.iter().map(ScenarioRow::of).collect();
            session.printer.rows(&rows)?;
        }
    }
    if report.failed() == 0 {
        return Ok(Exit::Ok);
    }
    let failed = count(report.failed(), "scenario comes", "scenarios come");
    Err(Failure::new(
        Exit::Failed,
        format!("{failed} out otherwise than told"),
    ))
}

fn played(path: Option<&Path>, session: &mut Session) -> Result<Report, Failure> {
    let workflows =
        |session: &Session| -> Result<PathBuf, Failure> { Ok(session.load(None)?.config.workflows.dir) };
    if let Some(path) = path {
        find::there(path)?;
    }
    let report = match path {
        None => run_all(&workflows(session)?),
        Some(folder) if folder.join(FOLDER).is_dir() => run_all(folder),
        Some(folder) if folder.is_dir() => run_folder(&find::registry(session)?, folder),
        Some(file) => run_files(&find::registry(session)?, &[file.to_owned()]),
    };
    report.map_err(|problems| find::complain(&problems, session))
}

//! `usciere workflow check`: everything wrong with definitions, and the line that releases a right one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::{WorkflowCheckArgs, find};
use crate::cli::cells::{count, maybe};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Format, Row};
use crate::cli::session::Session;
use crate::workflow::model::{Exploration, explore};
use crate::workflow::registry::{RELEASED, check_file, is_released, released_line};
use crate::workflow::{Problem, Problems, Registry, Workflow};

#[derive(Debug, Serialize)]
struct ProblemRow {
    file: String,
    /// From 1; none where the problem is about the whole file.
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    help: Option<String>,
}

impl Row for ProblemRow {
    const COLUMNS: &'static [&'static str] = &["file", "line", "column", "message", "help"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.file.clone(),
            maybe(self.line),
            maybe(self.column),
            self.message.clone(),
            self.help.clone().unwrap_or_default(),
        ]
    }
}

impl ProblemRow {
    fn of(problem: &Problem) -> Self {
        let place = |number: usize| (number > 0).then_some(number);
        Self {
            file: problem.file.clone(),
            line: place(problem.line),
            column: place(problem.column),
            message: problem.message.clone(),
            help: problem.help.clone(),
        }
    }

    fn of_exploration(workflow: &Workflow, exploration: &Exploration) -> Vec<Self> {
        let whole = |message: String, help: Option<String>| Self {
            file: format!("{}.toml", workflow.reference()),
            line: None,
            column: None,
            message,
            help,
        };
        let broken = exploration.broken.iter().map(|broken| {
            let message = format!("broken promise: {}", broken.promise);
            whole(message, Some(format!("by: {}", broken.story.join(", then "))))
        });
        let unused = exploration
            .unused
            .iter()
            .map(|rule| whole(format!("no story ever uses {rule}"), None));
        broken.chain(unused).collect()
    }
}

/// What was looked at, and what was found.
#[derive(Default)]
struct Found {
    right: Vec<Arc<Workflow>>,
    /// Right, and not yet released.
    unreleased: Vec<Arc<Workflow>>,
    problems: Vec<Problem>,
}

pub(super) fn run(args: &WorkflowCheckArgs, session: &mut Session) -> Result<Exit, Failure> {
    let found = look(&args.paths, session)?;
    let (mut rows, mut complaints) = (Vec::new(), Vec::new());
    if let Err(problems) = Problems::check(found.problems) {
        rows.extend(problems.iter().map(ProblemRow::of));
        complaints.push(problems.to_string());
    }
    if args.thorough {
        for workflow in &found.right {
            let exploration = explore(workflow);
            let broken = ProblemRow::of_exploration(workflow, &exploration);
            if !broken.is_empty() {
                complaints.push(format!("{}: {exploration}", workflow.reference()));
            }
            rows.extend(broken);
        }
    }
    for complaint in complaints {
        session.printer.complain(complaint);
    }
    match session.printer.format() {
        Format::Table => {}
        Format::Json | Format::Jsonl | Format::Csv => session.printer.rows(&rows)?,
    }
    if !rows.is_empty() {
        return Ok(Exit::Failed);
    }
    let checked = count(found.right.len(), "definition is right", "definitions are right");
    session.printer.say(checked);
    for workflow in &found.unreleased {
        session.printer.say(format!(
            "{} is not released; the line of {RELEASED} that releases it:\n{}",
            workflow.reference(),
            released_line(workflow)
        ));
    }
    Ok(Exit::Ok)
}

fn look(paths: &[PathBuf], session: &Session) -> Result<Found, Failure> {
    let mut found = Found::default();
    if paths.is_empty() {
        found.folder(&session.load(None)?.config.workflows.dir);
    }
    for path in paths {
        find::there(path)?;
        if path.is_dir() {
            found.folder(path);
        } else {
            found.file(path);
        }
    }
    Ok(found)
}

impl Found {
    fn folder(&mut self, folder: &Path) {
        match Registry::load(folder) {
            Ok(registry) => registry
                .iter()
                .for_each(|workflow| self.note(Arc::clone(workflow), folder)),
            Err(problems) => self.problems.extend(problems.into_vec()),
        }
    }

    fn file(&mut self, path: &Path) {
        let folder = path.parent().unwrap_or(Path::new(""));
        match check_file(path) {
            Ok(workflow) => self.note(Arc::new(workflow), folder),
            Err(problems) => self.problems.extend(problems.into_vec()),
        }
    }

    fn note(&mut self, workflow: Arc<Workflow>, folder: &Path) {
        match is_released(folder, &workflow) {
            Ok(true) => {}
            Ok(false) => self.unreleased.push(Arc::clone(&workflow)),
            Err(problem) => return self.problems.push(problem),
        }
        self.right.push(workflow);
    }
}

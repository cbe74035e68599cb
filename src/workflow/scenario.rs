//! Scenario files: given a request, when this happens on that day, then so it stands. Run without any service.
//!
//! They are how an office proves its own change of a workflow; the format is told in docs/workflows.md.

mod play;
mod script;

use std::fmt;
use std::path::{Path, PathBuf};

use super::problems::{Problem, Problems};
use super::registry::{self, Registry};
use script::Script;

/// The folder of scenarios inside the folder of workflows.
pub const FOLDER: &str = "scenari";

/// What running scenarios showed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    pub scenarios: Vec<Outcome>,
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Outcome {
    pub file: String,
    pub title: String,
    /// The requirements of DOMAIN.md it stands for.
    pub rules: Vec<String>,
    pub steps: usize,
    pub failures: Vec<Failure>,
}

/// Something that came out otherwise than the scenario says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// Of the step, from 1.
    pub line: usize,
    pub message: String,
}

impl Report {
    pub fn passed(&self) -> usize {
        self.scenarios
            .iter()
            .filter(|outcome| outcome.failures.is_empty())
            .count()
    }

    pub fn failed(&self) -> usize {
        self.scenarios.len() - self.passed()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in &self.scenarios {
            let mark = if outcome.failures.is_empty() {
                "ok    "
            } else {
                "FAILED"
            };
            writeln!(f, "{mark} {} ({})", outcome.title, outcome.rules.join(", "))?;
            for failure in &outcome.failures {
                writeln!(f, "       {}:{}: {}", outcome.file, failure.line, failure.message)?;
            }
        }
        write!(f, "{} passed, {} failed", self.passed(), self.failed())
    }
}

/// Runs every scenario below `workflows/scenari` against the workflows beside it.
pub fn run_all(workflows: &Path) -> Result<Report, Problems> {
    let registry = Registry::load(workflows)?;
    run_folder(&registry, &workflows.join(FOLDER))
}

/// Runs every scenario of a folder and of the folders in it against given workflows.
pub fn run_folder(registry: &Registry, folder: &Path) -> Result<Report, Problems> {
    let mut problems = Vec::new();
    let files = scenario_files(folder, &mut problems);
    Problems::check(problems)?;
    if files.is_empty() {
        let nothing = Problem::of_file(&folder.display().to_string(), "there is no scenario here");
        Problems::check(vec![nothing])?;
    }
    run_files(registry, &files)
}

/// Runs given scenario files against given workflows.
pub fn run_files(registry: &Registry, files: &[PathBuf]) -> Result<Report, Problems> {
    let mut problems = Vec::new();
    let mut report = Report::default();
    for path in files {
        match run_file(registry, path) {
            Ok(outcome) => report.scenarios.push(outcome),
            Err(problem) => problems.push(problem),
        }
    }
    Problems::check(problems)?;
    Ok(report)
}

fn run_file(registry: &Registry, path: &Path) -> Result<Outcome, Problem> {
    let text = registry::read(path)?;
    let file = path.display().to_string();
    let script = Script::parse(&file, &text)?;
    let failures = play::play(registry, &script).map_err(|fault| fault.located(&file, &text))?;
    Ok(Outcome {
        file,
        title: script.title,
        rules: script.rules,
        steps: script.when.len(),
        failures: failures.into_iter().map(|fault| fault.failure(&text)).collect(),
    })
}

fn scenario_files(folder: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut files = registry::toml_files(folder).unwrap_or_else(|problem| {
        problems.push(problem);
        Vec::new()
    });
    let inner = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = inner
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    for inner in folders {
        files.extend(scenario_files(&inner, problems));
    }
    files
}

#[cfg(test)]
mod tests;

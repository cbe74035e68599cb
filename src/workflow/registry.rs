//! Every version of every workflow of a folder. A released version is immutable: `released.toml` keeps its hash.
//!
//! The only part of `workflow` that reads files; it does so once, at start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::definition::{Fingerprint, Workflow};
use super::problems::{Problem, Problems};
use crate::domain::case::{WorkflowName, WorkflowRef};

/// The file of released versions: `"richiesta.v1" = "<sha256>"`.
pub const RELEASED: &str = "released.toml";

/// All loaded versions.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    workflows: BTreeMap<WorkflowRef, Arc<Workflow>>,
}

impl Registry {
    /// Reads every `NAME.vN.toml` of a folder. All problems of all files are reported together.
    pub fn load(folder: &Path) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let mut workflows = BTreeMap::new();
        for path in definition_files(folder).map_err(one)? {
            match read(&path)
                .map_err(one)
                .and_then(|text| Workflow::parse(&path.display().to_string(), &text))
            {
                Ok(workflow) => {
                    workflows.insert(workflow.reference().clone(), Arc::new(workflow));
                }
                Err(found) => problems.extend(found.into_vec()),
            }
        }
        problems.extend(check_released(folder, &workflows));
        if workflows.is_empty() && problems.is_empty() {
            let message = "no workflow here: expected files such as richiesta.v1.toml";
            problems.push(Problem::of_file(&folder.display().to_string(), message));
        }
        Problems::check(problems)?;
        Ok(Self { workflows })
    }

    /// A registry of given workflows.
    pub fn of(workflows: impl IntoIterator<Item = Workflow>) -> Self {
        let pairs = workflows
            .into_iter()
            .map(|workflow| (workflow.reference().clone(), Arc::new(workflow)));
        Self {
            workflows: pairs.collect(),
        }
    }

    /// The version a request is pinned to.
    pub fn get(&self, reference: &WorkflowRef) -> Option<&Arc<Workflow>> {
        self.workflows.get(reference)
    }

    /// The version new requests are opened with.
    pub fn latest(&self, name: &WorkflowName) -> Option<&Arc<Workflow>> {
        self.workflows
            .values()
            .rev()
            .find(|workflow| workflow.reference().name == *name)
    }

    /// Every version, by name and version.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        self.workflows.values()
    }
}

fn one(problem: Problem) -> Problems {
    Problems::check(vec![problem]).expect_err("there is one problem")
}

fn read(path: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::of_file(&path.display().to_string(), format!("cannot be read: {error}"))
}

fn definition_files(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let is_toml = path.extension().is_some_and(|extension| extension == "toml");
        if is_toml && path.file_name().is_some_and(|name| name != RELEASED) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A version listed as released must be there and unchanged.
fn check_released(folder: &Path, workflows: &BTreeMap<WorkflowRef, Arc<Workflow>>) -> Vec<Problem> {
    let path = folder.join(RELEASED);
    let file = path.display().to_string();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => return vec![unreadable(&path, &error)],
    };
    let released: BTreeMap<toml::Spanned<String>, String> = match toml::from_str(&text) {
        Ok(released) => released,
        Err(error) => {
            return vec![Problem::at(
                &file,
                &text,
                error.span().unwrap_or(0..0),
                error.message(),
            )];
        }
    };
    let found: BTreeMap<String, Fingerprint> = workflows
        .values()
        .map(|workflow| (workflow.reference().to_string(), workflow.fingerprint()))
        .collect();
    released
        .iter()
        .filter_map(|(version, hash)| {
            let problem = |message: String| Problem::at(&file, &text, version.span(), message);
            match found.get(version.get_ref()) {
                None => Some(
                    problem(format!(
                        "{} is released but its file is missing or broken",
                        version.get_ref()
                    ))
                    .help("requests may still run on it: a released file stays"),
                ),
                Some(now) if now.to_string() != *hash => Some(
                    problem(format!("{} was changed after its release", version.get_ref()))
                        .help("put it back, and copy it to the next version to change it"),
                ),
                Some(_) => None,
            }
        })
        .collect()
}

//! Every version of every workflow of a folder. A released version is immutable: `released.toml` keeps its hash.
//!
//! The one part of `workflow` that reads definition files; it does so once, at start or reload.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::definition::Workflow;
use super::problems::{Problem, Problems};
use crate::domain::case::{WorkflowName, WorkflowRef};
use crate::domain::filter::BookingRule;

/// The file of released versions, one line each: `"richiesta.v1" = "<sha256>"`.
pub const RELEASED: &str = "released.toml";

type Versions = BTreeMap<WorkflowRef, Arc<Workflow>>;

/// All loaded versions.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    versions: Versions,
    /// Of other nodes: requests pinned to them go on here, new ones do not begin with them.
    learned: Versions,
}

/// Reads and checks one definition file, released or not.
pub fn check_file(path: &Path) -> Result<Workflow, Problems> {
    let text = read(path).map_err(one)?;
    Workflow::parse(&path.display().to_string(), &text)
}

/// The line that makes this version immutable once it stands in [`RELEASED`].
pub fn released_line(workflow: &Workflow) -> String {
    format!("\"{}\" = \"{}\"", workflow.reference(), workflow.fingerprint())
}

/// Whether a version of a folder stands in its [`RELEASED`]; a problem if it was changed since.
pub fn is_released(folder: &Path, workflow: &Workflow) -> Result<bool, Problem> {
    Released::read(folder)?.has(workflow)
}

impl Registry {
    /// Reads every `NAME.vN.toml` of a folder. All problems of all files are reported together.
    pub fn load(folder: &Path) -> Result<Self, Problems> {
        if !folder.is_dir() {
            let problem = about(
                folder,
                "there is no such folder, and workflow definitions are read from it",
            );
            return Err(one(problem));
        }
        let mut problems = Vec::new();
        let mut versions = Versions::new();
        for path in definition_files(folder).map_err(one)? {
            match check_file(&path) {
                Ok(workflow) => {
                    versions.insert(workflow.reference().clone(), Arc::new(workflow));
                }
                Err(found) => problems.extend(found.into_vec()),
            }
        }
        match Released::read(folder) {
            Ok(released) => problems.extend(released.check(&versions)),
            Err(problem) => problems.push(problem),
        }
        if versions.is_empty() && problems.is_empty() {
            let message = "no workflow here: expected files such as richiesta.v1.toml";
            problems.push(about(folder, message));
        }
        Problems::check(problems)?;
        Ok(Self {
            versions,
            learned: Versions::new(),
        })
    }

    /// A registry of given workflows; a later one takes the place of an equal version.
    pub fn of(workflows: impl IntoIterator<Item = Workflow>) -> Self {
        let pairs = workflows
            .into_iter()
            .map(|workflow| (workflow.reference().clone(), Arc::new(workflow)));
        Self {
            versions: pairs.collect(),
            learned: Versions::new(),
        }
    }

    /// Takes over a version this folder lacks.
    pub fn learn(&mut self, workflow: Workflow) {
        self.learned
            .insert(workflow.reference().clone(), Arc::new(workflow));
    }

    /// The version a request is pinned to.
    pub fn get(&self, reference: &WorkflowRef) -> Option<&Arc<Workflow>> {
        self.versions
            .get(reference)
            .or_else(|| self.learned.get(reference))
    }

    /// The version new requests are opened with.
    pub fn latest(&self, name: &WorkflowName) -> Option<&Arc<Workflow>> {
        self.versions
            .values()
            .rev()
            .find(|workflow| workflow.reference().name == *name)
    }

    /// When the senders of requests of each version may book, as of now.
    pub fn booking_rules(&self, now: DateTime<Utc>) -> Vec<BookingRule> {
        self.iter().map(|workflow| workflow.booking_rule(now)).collect()
    }

    /// Every version of the folder, by name and version: what a store pins as (name, version, sha256).
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        self.versions.values()
    }
}

/// A problem of the folder as a whole; a relative path says little in a log.
fn about(folder: &Path, message: &str) -> Problem {
    let place = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    Problem::of_file(&place.display().to_string(), message).help(
        "name the folder with workflows.dir in usciere.toml, or with USCIERE_WORKFLOWS__DIR; a relative one is looked \
         for in the working folder",
    )
}

fn one(problem: Problem) -> Problems {
    Problems::check(vec![problem]).expect_err("there is one problem")
}

pub(super) fn read(path: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::of_file(&path.display().to_string(), format!("cannot be read: {error}"))
}

fn definition_files(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut files = toml_files(folder)?;
    files.retain(|path| path.file_name().is_some_and(|name| name != RELEASED));
    Ok(files)
}

/// The `.toml` files right in a folder, by name.
pub(super) fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What the file of released versions says.
#[derive(Default)]
struct Released {
    file: String,
    text: String,
    hashes: BTreeMap<toml::Spanned<String>, String>,
}

impl Released {
    /// Nothing is released where there is no such file.
    fn read(folder: &Path) -> Result<Self, Problem> {
        let path = folder.join(RELEASED);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(unreadable(&path, &error)),
        };
        let file = path.display().to_string();
        let hashes = toml::from_str(&text)
            .map_err(|error| Problem::at(&file, &text, error.span().unwrap_or(0..0), error.message()))?;
        Ok(Self { file, text, hashes })
    }

    /// Whether a version is released, and unchanged since.
    fn has(&self, workflow: &Workflow) -> Result<bool, Problem> {
        let reference = workflow.reference().to_string();
        match self
            .hashes
            .iter()
            .find(|(version, _)| *version.get_ref() == reference)
        {
            None => Ok(false),
            Some((_, hash)) if *hash == workflow.fingerprint().to_string() => Ok(true),
            Some((version, _)) => Err(self.wrong(
                version,
                "was changed after its release",
                "put it back, and make the change in a copy: the next version",
            )),
        }
    }

    /// A version listed as released must be there and unchanged.
    fn check(&self, versions: &Versions) -> Vec<Problem> {
        let there = |version: &str| versions.keys().any(|reference| reference.to_string() == version);
        let missing = self.hashes.keys().filter(|version| !there(version.get_ref()));
        let missing = missing.map(|version| {
            self.wrong(
                version,
                "is released, and its file is missing or broken",
                "requests may still run on it: a released file stays",
            )
        });
        let changed = versions.values().filter_map(|workflow| self.has(workflow).err());
        missing.chain(changed).collect()
    }

    fn wrong(&self, version: &toml::Spanned<String>, what: &str, help: &str) -> Problem {
        let message = format!("{} {what}", version.get_ref());
        Problem::at(&self.file, &self.text, version.span(), message).help(help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows")
    }

    /// A folder with a copy of the released workflows.
    fn copy() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for path in toml_files(&repository()).unwrap() {
            std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
        folder
    }

    fn messages(folder: &Path) -> Vec<String> {
        Registry::load(folder)
            .unwrap_err()
            .into_vec()
            .into_iter()
            .map(|problem| problem.message)
            .collect()
    }

    #[test]
    fn the_workflows_of_the_repository_load_and_are_released_unchanged() {
        let registry = Registry::load(&repository()).unwrap_or_else(|problems| panic!("{problems}"));
        let released = std::fs::read_to_string(repository().join(RELEASED)).unwrap();
        for workflow in registry.iter() {
            assert!(
                released.contains(&released_line(workflow)),
                "add to {RELEASED}: {}",
                released_line(workflow)
            );
        }
    }

    #[test]
    fn a_changed_or_missing_release_is_refused() {
        let folder = copy();
        let path = folder.path().join("richiesta.v1.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("solicit        = 15", "solicit        = 10")).unwrap();
        std::fs::remove_file(folder.path().join("quesito.v1.toml")).unwrap();
        assert_eq!(
            messages(folder.path()),
            [
                "quesito.v1 is released, and its file is missing or broken",
                "richiesta.v1 was changed after its release"
            ]
        );
    }

    #[test]
    fn the_latest_version_opens_and_older_ones_stay() {
        let folder = copy();
        let text = std::fs::read_to_string(folder.path().join("richiesta.v1.toml")).unwrap();
        for version in [2, 10] {
            let text = text.replace("version = 1", &format!("version = {version}"));
            std::fs::write(folder.path().join(format!("richiesta.v{version}.toml")), text).unwrap();
        }
        let registry = Registry::load(folder.path()).unwrap();
        let name = WorkflowName::parse("richiesta").unwrap();
        assert_eq!(registry.latest(&name).unwrap().reference().version, 10);
        assert!(registry.get(&WorkflowRef { name, version: 1 }).is_some());
        assert!(registry.latest(&WorkflowName::parse("altro").unwrap()).is_none());
    }

    #[test]
    fn an_empty_or_missing_folder_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(messages(folder.path()).len(), 1);
        assert_eq!(messages(&folder.path().join("nowhere")).len(), 1);
    }

    #[test]
    fn a_missing_folder_is_named_in_full_with_the_way_to_name_another() {
        let problems = Registry::load(Path::new("nowhere")).unwrap_err().to_string();
        let looked = std::env::current_dir().unwrap().join("nowhere");
        assert!(problems.contains(&looked.display().to_string()), "{problems}");
        assert!(problems.contains("USCIERE_WORKFLOWS__DIR"), "{problems}");
    }

    #[test]
    fn a_file_without_version_in_its_name_is_a_problem() {
        let folder = copy();
        std::fs::rename(
            folder.path().join("richiesta.v1.toml"),
            folder.path().join("richiesta.toml"),
        )
        .unwrap();
        std::fs::remove_file(folder.path().join(RELEASED)).unwrap();
        assert_eq!(messages(folder.path()), ["the file is called richiesta.toml"]);
    }
}

//! `usciere workflow list`.

use serde::Serialize;

use super::find;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::session::Session;
use crate::domain::case::WorkflowName;
use crate::workflow::Workflow;
use crate::workflow::registry::is_released;

#[derive(Debug, Serialize)]
struct Definition {
    name: WorkflowName,
    version: u32,
    title: String,
    states: usize,
    /// It stands in `released.toml` and never changes again.
    released: bool,
    sha256: String,
}

impl Row for Definition {
    const COLUMNS: &'static [&'static str] = &["name", "version", "title", "states", "released", "sha256"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.to_string(),
            self.version.to_string(),
            self.title.clone(),
            self.states.to_string(),
            if self.released { "yes" } else { "no" }.to_owned(),
            self.sha256.clone(),
        ]
    }
}

impl Definition {
    fn of(workflow: &Workflow, released: bool) -> Self {
        let reference = workflow.reference();
        Self {
            name: reference.name.clone(),
            version: reference.version,
            title: workflow.title().to_owned(),
            states: workflow.states().count(),
            released,
            sha256: workflow.fingerprint().to_string(),
        }
    }
}

pub(super) fn run(session: &mut Session) -> Result<Exit, Failure> {
    let folder = session.load(None)?.config.workflows.dir;
    let registry = find::registry(session)?;
    let mut definitions = Vec::new();
    for workflow in registry.iter() {
        let released = is_released(&folder, workflow)
            .map_err(|problem| Failure::new(Exit::Failed, problem.to_string()))?;
        definitions.push(Definition::of(workflow, released));
    }
    session.printer.rows(&definitions)?;
    Ok(Exit::Ok)
}

//! Workflow definitions as those who run usciere see them.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::case::WorkflowName;
use crate::workflow::registry::is_released;
use crate::workflow::{Problem, Registry, Workflow};

/// A version of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WorkflowLine {
    pub name: WorkflowName,
    pub version: u32,
    pub title: String,
    pub states: usize,
    /// It stands in `released.toml` and never changes again.
    pub released: bool,
    pub sha256: String,
}

/// Every version of a registry that was read from `folder`; a problem where a released one was changed since.
pub fn list(folder: &Path, registry: &Registry) -> Result<Vec<WorkflowLine>, Problem> {
    registry
        .iter()
        .map(|workflow| Ok(WorkflowLine::of(workflow, is_released(folder, workflow)?)))
        .collect()
}

impl WorkflowLine {
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

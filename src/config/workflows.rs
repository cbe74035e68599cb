//! `[workflows]`: the folder of workflow definitions.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Checks;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkflowsSettings {
    pub dir: PathBuf,
}

impl Default for WorkflowsSettings {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("workflows"),
        }
    }
}

impl WorkflowsSettings {
    pub(super) fn check(&self, checks: &mut Checks) {
        if self.dir.as_os_str().is_empty() {
            checks.add(
                "workflows.dir",
                "is empty",
                "name the folder of the workflow definitions",
            );
        }
    }
}

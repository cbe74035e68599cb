//! Definitions another node brought: a request pinned to a version this node's folder lacks, as while versions are
//! rolled out, is decided by the text the database keeps.

use std::sync::Arc;

use super::Engine;
use crate::domain::request::Request;
use crate::store::StoreError;
use crate::workflow::{Registry, Workflow};

/// Whether one of these requests is pinned to a version that is not known here.
pub(super) fn lacks<'r>(workflows: &Registry, mut requests: impl Iterator<Item = &'r Request>) -> bool {
    requests.any(|request| workflows.get(&request.case.workflow).is_none())
}

impl Engine {
    /// Takes every version on record that is not known here.
    pub(super) async fn learn(&self) -> Result<(), StoreError> {
        for (name, text) in self.store.workflow_definitions().await? {
            // What a newer program wrote may use words this one lacks.
            let workflow = match Workflow::parse(&name, &text) {
                Ok(workflow) => workflow,
                Err(problems) => {
                    tracing::error!(workflow.name = name, error = %problems, "a definition on record cannot be read");
                    continue;
                }
            };
            if self.workflows.borrow().get(workflow.reference()).is_none() {
                tracing::info!(
                    workflow.name = name,
                    "a definition is taken over from another node"
                );
                self.workflows
                    .send_modify(|registry| Arc::make_mut(registry).learn(workflow));
            }
        }
        Ok(())
    }
}

//! The workflow definitions in force: loaded and pinned at the start, read again on request.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

use super::NodeError;
use crate::lifecycle::readiness::{Part, Readiness, Reason, Status};
use crate::store::Store;
use crate::workflow::Registry;

/// The definitions of a node. A bad file at a reload leaves the ones in force as they are.
#[derive(Debug, Clone)]
pub struct Workflows {
    folder: PathBuf,
    in_force: watch::Sender<Arc<Registry>>,
    readiness: Readiness,
}

impl Workflows {
    pub(super) fn load(folder: &Path, readiness: &Readiness) -> Result<Self, NodeError> {
        let registry = Registry::load(folder).map_err(NodeError::Workflows)?;
        let (in_force, _) = watch::channel(Arc::new(registry));
        Ok(Self {
            folder: folder.to_owned(),
            in_force,
            readiness: readiness.clone(),
        })
    }

    /// For who may learn versions of other nodes.
    pub(super) fn in_force(&self) -> watch::Sender<Arc<Registry>> {
        self.in_force.clone()
    }

    pub fn subscribe(&self) -> watch::Receiver<Arc<Registry>> {
        self.in_force.subscribe()
    }

    /// A released version never changes under the cases that are pinned to it.
    pub(super) async fn pin(&self, store: &Store) -> Result<(), NodeError> {
        let registry = Arc::clone(&self.in_force.borrow());
        pin(store, &registry).await?;
        self.readiness.set(Part::Workflows, Status::Up);
        Ok(())
    }

    /// Reads the folder again. Only if every file is right and no released version changed does it come into force.
    pub async fn reload(&self, store: &Store) {
        let status = match self.try_reload(store).await {
            Ok(()) => {
                tracing::info!("workflow definitions read again");
                Status::Up
            }
            Err(error) => {
                tracing::error!(error = %error, "the workflow definitions in force stay");
                Status::degraded(Reason::ReloadFailed)
            }
        };
        self.readiness.set(Part::Workflows, status);
    }

    async fn try_reload(&self, store: &Store) -> Result<(), NodeError> {
        let registry = Registry::load(&self.folder).map_err(NodeError::Workflows)?;
        pin(store, &registry).await?;
        self.in_force.send_replace(Arc::new(registry));
        Ok(())
    }
}

async fn pin(store: &Store, registry: &Registry) -> Result<(), NodeError> {
    for workflow in registry.iter() {
        let reference = workflow.reference();
        let sha256 = workflow.fingerprint().to_string();
        if let Some(pinned) = store.pin_workflow(reference, &sha256, workflow.text()).await? {
            return Err(NodeError::WorkflowChanged {
                name: reference.to_string(),
                pinned,
            });
        }
    }
    Ok(())
}

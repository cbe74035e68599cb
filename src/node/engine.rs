//! The engine of a process: of a node, or of a command that works something once and ends.

use std::sync::Arc;

use tokio::sync::watch;

use super::registries::people;
use super::{NodeError, Workflows};
use crate::attachments::AttachmentStore;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::registers::Registers;
use crate::engine::{Engine, EngineOptions, EngineParts, Limits};
use crate::lifecycle::readiness::Readiness;
use crate::relay::HandOff;
use crate::store::Store;

/// An engine without the rest of a node. It decides and commits as any; what it queues is announced to the relays of
/// running nodes, or waits for one.
pub async fn engine_only(config: &Config, store: &Store, clock: Clock) -> Result<Engine, NodeError> {
    let nobody_asks = Readiness::expecting([]);
    let workflows = Workflows::load(&config.workflows.dir, &nobody_asks)?;
    let attachments = attachments(config)?;
    workflows.pin(store).await?;
    let (_never_changes, registers) = watch::channel(Arc::new(store.load_registers().await?));
    engine(config, store, clock, &workflows, registers, attachments, None)
}

pub(super) fn attachments(config: &Config) -> Result<AttachmentStore, NodeError> {
    AttachmentStore::open(&config.attachments).map_err(NodeError::Attachments)
}

/// The engine as configured.
pub(super) fn engine(
    config: &Config,
    store: &Store,
    clock: Clock,
    workflows: &Workflows,
    registers: watch::Receiver<Arc<Registers>>,
    attachments: AttachmentStore,
    handoff: Option<HandOff>,
) -> Result<Engine, NodeError> {
    let parts = EngineParts {
        store: store.clone(),
        clock,
        workflows: workflows.in_force(),
        registers,
        people: people(&config.registry, store)?,
        attachments,
        handoff,
    };
    let options = EngineOptions {
        limits: Limits {
            text: config.limits.text.get(),
            attachments: (&config.limits).into(),
        },
        buckets: config.relay.buckets.get(),
        base_url: config.http.base_url.as_str().trim_end_matches('/').to_owned(),
    };
    Ok(Engine::new(parts, options))
}

//! The engine: a batch of commands in, one transaction, and everything that has to follow from it queued.
//!
//! `handle` looks up what rules need (outside any transaction), then: seen before? -> lock -> decide -> write ->
//! commit. Nothing is published, mailed or acknowledged here: that is the outbox's, the relay's and the door's.

mod batch;
mod bodies;
mod counting;
mod deadly;
mod digest;
mod door;
mod files;
mod handle;
mod item;
mod learning;
mod ledger;
mod lobby;
mod lookup;
mod opening;
mod parking;
mod render;
mod rescan;
mod submission;
mod sweep;
mod translate;

use std::sync::Arc;

use tokio::sync::watch;

use crate::attachments::AttachmentStore;
use crate::clock::Clock;
use crate::domain::attachment::AttachmentLimits;
use crate::domain::registers::Registers;
use crate::registry::PeopleRegisters;
use crate::relay::HandOff;
use crate::store::{IntakeTransaction, Store, StoreError};
use crate::workflow::Registry;

pub use deadly::condemned;
pub use door::{Completion, Door};
pub use handle::HandleError;
pub use item::{Handled, Item, Original};
pub use rescan::Scanned;
pub use submission::rehearse;
pub use sweep::Swept;

/// What texts and files may be.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Characters of a text or of notes.
    pub text: usize,
    pub attachments: AttachmentLimits,
}

/// How a node's engine is set up.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    pub limits: Limits,
    /// Buckets messages are spread over when no relay runs in this process.
    pub buckets: u16,
    /// The address attachments and requests are linked under.
    pub base_url: String,
}

/// Handles commands. Shared by every door of a node.
pub struct Engine {
    store: Store,
    clock: Clock,
    workflows: watch::Sender<Arc<Registry>>,
    registers: watch::Receiver<Arc<Registers>>,
    people: PeopleRegisters,
    attachments: AttachmentStore,
    /// The relay of this node, when it has one.
    handoff: Option<HandOff>,
    options: EngineOptions,
}

/// The parts an engine works with.
pub struct EngineParts {
    pub store: Store,
    pub clock: Clock,
    pub workflows: watch::Sender<Arc<Registry>>,
    pub registers: watch::Receiver<Arc<Registers>>,
    pub people: PeopleRegisters,
    pub attachments: AttachmentStore,
    pub handoff: Option<HandOff>,
}

impl Engine {
    pub fn new(parts: EngineParts, options: EngineOptions) -> Self {
        let EngineParts {
            store,
            clock,
            workflows,
            registers,
            people,
            attachments,
            handoff,
        } = parts;
        Self {
            store,
            clock,
            workflows,
            registers,
            people,
            attachments,
            handoff,
            options,
        }
    }

    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The registers it asks.
    pub const fn people(&self) -> &PeopleRegisters {
        &self.people
    }

    /// Where it keeps files.
    pub const fn attachments(&self) -> &AttachmentStore {
        &self.attachments
    }

    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    pub const fn limits(&self) -> &Limits {
        &self.options.limits
    }

    /// Begins a batch, once the relay of this node is no longer far behind.
    async fn begin(&self) -> Result<IntakeTransaction, StoreError> {
        if let Some(handoff) = &self.handoff {
            handoff.keep_pace().await;
        }
        self.store.begin_intake().await
    }

    fn buckets(&self) -> u16 {
        self.handoff
            .as_ref()
            .map_or(self.options.buckets, HandOff::buckets)
    }
}

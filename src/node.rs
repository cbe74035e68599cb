//! One running node: its parts put together, started and stopped in order.
//!
//! Start: workflows and schema are checked before anything is consumed; then registers, broker, engine, relay, jobs,
//! mails, HTTP. Stop: consuming ends, batches in hand commit and are acknowledged, the relay publishes what they
//! queued, then everything is let go of.

mod audit;
mod changes;
mod engine;
mod ground;
mod health;
mod heart;
mod intake;
mod jobs;
mod pauses;
mod registries;
mod start;
pub mod time;
mod web;
mod workflows;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::ids::NodeName;
use crate::domain::pause::Pauses;
use crate::domain::registers::Registers;
use crate::engine::{Door, Engine};
use crate::lifecycle::Shutdown;
use crate::lifecycle::readiness::Readiness;
use crate::store::{Store, StoreError, StoreOptions};
use crate::workflow::Problems;

pub use engine::engine_only;
pub use jobs::built_in as built_in_jobs;
pub use workflows::Workflows;

/// A part of the work that can run on a node of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Role {
    /// Takes commands from the broker.
    Intake,
    /// Publishes what the engine decided.
    Relay,
    /// Runs the recurring jobs and the deadlines.
    Scheduler,
    /// Sends the mails.
    Mailer,
    /// Answers over HTTP. Health and metrics are answered by every node.
    Web,
}

impl Role {
    pub const ALL: [Self; 5] = [
        Self::Intake,
        Self::Relay,
        Self::Scheduler,
        Self::Mailer,
        Self::Web,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Relay => "relay",
            Self::Scheduler => "scheduler",
            Self::Mailer => "mailer",
            Self::Web => "web",
        }
    }
}

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    #[error("the workflow definitions have problems\n{0}")]
    Workflows(Problems),
    #[error("{name} was changed after it was released: cases are pinned to the version with hash {pinned}")]
    WorkflowChanged { name: String, pinned: String },
    #[error("the database has schema {applied:?}, this program knows {known:?}: run `usciere db migrate`")]
    Schema {
        known: Option<i64>,
        applied: Option<i64>,
    },
    /// Row-level security would not bind it, and nothing would keep it from changing what happened.
    #[error(
        "the login of database.url may not work as usciere_engine: grant that role to it (docs/operations.md)"
    )]
    NotTheEngine,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the attachment store cannot be used")]
    Attachments(#[source] crate::attachments::AttachmentError),
    #[error(transparent)]
    Registry(crate::registry::remote::Unusable),
    #[error("mails cannot be sent as configured")]
    Mail(#[source] crate::mail::MailerError),
    #[error("tokens cannot be proven")]
    Identity(#[from] crate::identity::development::DevelopmentKeyError),
    #[error("{0} cannot be listened on")]
    Http(SocketAddr, #[source] std::io::Error),
    /// Asked to stop before it was up.
    #[error("stopped before it was ready")]
    Stopped,
}

/// What a node is started with.
pub struct NodeOptions<'a> {
    pub config: &'a Config,
    pub roles: &'a [Role],
    pub clock: Clock,
    pub shutdown: &'a Shutdown,
    pub readiness: Readiness,
}

/// A node that runs until its [`Shutdown`] is asked to.
pub struct Node {
    pub name: NodeName,
    pub store: Store,
    pub engine: Arc<Engine>,
    pub door: Door,
    pub workflows: Workflows,
    pub registers: watch::Receiver<Arc<Registers>>,
    pub readiness: Readiness,
    /// The queues people hold, as this node knows them.
    pub held: watch::Receiver<Arc<Pauses>>,
    pub http: SocketAddr,
}

/// The database as the configuration names it.
pub fn store(config: &Config, name: &NodeName) -> Result<Store, StoreError> {
    Store::new(&StoreOptions {
        url: config.database.url.expose().to_owned(),
        application_name: format!("usciere {name}"),
        max_connections: config.database.max_connections.get(),
        statement_timeout: config.database.statement_timeout.get(),
        lock_timeout: config.database.lock_timeout.get(),
    })
}

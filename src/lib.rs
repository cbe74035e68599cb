//! usciere carries every request of a patronato to the right INPS sede, and the answer back.
//!
//! ```text
//! delivery --amqp::envelope--> Command --engine::handle(batch)--> [one transaction:
//!     seen before? -> lock cases -> decide() -> state + history + deadline + outbox] commit --> ack
//! outbox --relay--> sede queue | portal event (publisher confirm)      mail outbox --mail--> SMTP
//! ```
//!
//! Layers, and the only way arrows may point: `domain <- workflow <- engine <- {amqp, scheduler, http, cli}`;
//! `store -> domain, workflow`; `relay -> store, amqp`; `mail -> store`. `tests/architecture.rs` holds it.

pub mod admin;
pub mod amqp;
pub mod attachments;
pub mod bench;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dev;
pub mod documents;
pub mod domain;
pub mod engine;
pub mod failpoint;
pub mod http;
pub mod identity;
pub mod lifecycle;
pub mod mail;
pub mod node;
pub mod registry;
pub mod relay;
pub mod routing;
pub mod scheduler;
pub mod schema;
pub mod store;
pub mod telemetry;
pub mod workflow;

#[cfg(test)]
#[path = "../tests/support/readers.rs"]
mod readers;

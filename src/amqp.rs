//! The broker: what is declared there, what comes in, what goes out. Only this module names lapin.
//!
//! Two connections per node, one that only consumes and one that only publishes, so that a broker in alarm blocks
//! the second and never the first. Both are rebuilt by [`supervisor`], never by lapin's own recovery.

/// Filters of the log that are always in force. lapin writes a returned message into it, body and all; and it calls an
/// error what we expect and answer, such as a queue that is not there yet.
pub const SILENCED: &[&str] = &["lapin::returned_messages=off", "lapin::channel=off"];

pub mod bare;
mod budget;
mod connection;
pub mod consumer;
pub mod envelope;
pub mod error;
mod guard;
pub mod intake;
pub mod message;
pub mod metrics;
pub mod outgoing;
pub mod publisher;
pub mod replay;
pub mod session;
pub mod supervisor;
pub mod topology;

pub use budget::Hold;
pub use consumer::{Acked, Acker, Consumer, Delivery, Receipt};
pub use envelope::{BodyFault, DecodeRules, Publishers, RawDelivery, Rejected, decode_body};
pub use error::BrokerError;
pub use guard::{RAW_PROPERTIES, UNREADABLE};
pub use message::{HeaderValue, Headers, Properties};
pub use outgoing::{Addressed, Exchange, Outgoing};
pub use publisher::{Lost, Published, Publisher};
pub use session::Session;
pub use supervisor::{Broker, BrokerState, Consuming, Publishing};
pub use topology::Topology;
pub use topology::declare::{Deviation, Finding, Object, PLUGIN_MISSING, QueueStatus};

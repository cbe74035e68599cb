//! The broker side against a real RabbitMQ : publishing, consuming, losing and finding it again.
//!
//! Every test works under a prefix and with sedi of its own, so that they may share a virtual host.

#![expect(clippy::unwrap_used, reason = "what fails to be set up fails the test")]

#[path = "amqp/conformance.rs"]
mod conformance;
#[path = "amqp/consuming.rs"]
mod consuming;
#[path = "amqp/declaring.rs"]
mod declaring;
#[path = "amqp/harness.rs"]
mod harness;
#[path = "amqp/proxy.rs"]
mod proxy;
#[path = "amqp/publishing.rs"]
mod publishing;
#[path = "support/services.rs"]
mod services;
#[path = "amqp/session.rs"]
mod session;
#[path = "amqp/sharding.rs"]
mod sharding;

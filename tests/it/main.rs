//! The whole service through its queues: a real node, a real RabbitMQ, a real PostgreSQL; a database and a virtual
//! host of its own for each test. Time is the tests' own: nothing sleeps, waiting is for a condition.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod conversation;
mod crash;
mod dead_letters;
mod deadlines;
mod demo;
mod faults;
mod mails;
#[path = "../support/node.rs"]
mod node;
mod pauses;
mod refusals;
mod routing;
#[path = "../support/services.rs"]
mod services;
mod submission;
mod world;

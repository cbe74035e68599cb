//! The whole service through its queues: a real node, a real RabbitMQ, a real PostgreSQL; a database and a virtual
//! host of its own for each test. Time is the tests' own: nothing sleeps, waiting is for a condition.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod agenda;
mod attachments;
mod clocks;
mod conversation;
mod crash;
mod dead_letters;
mod deadlines;
mod demo;
mod desks;
#[path = "../support/fake_clamd.rs"]
mod fake_clamd;
#[expect(dead_code, reason = "not every manner and every question is needed here")]
#[path = "../support/fake_register.rs"]
mod fake_register;
mod faults;
mod files_away;
mod interleaved;
mod joining;
mod long;
mod mails;
mod memory;
#[path = "../support/node.rs"]
mod node;
mod objections;
mod order;
#[path = "../support/outsider.rs"]
mod outsider;
mod overdue;
mod overtaking;
mod parking;
mod pauses;
mod program;
#[expect(dead_code, reason = "not every fault is needed here")]
#[path = "../chaos/proxy.rs"]
mod proxy;
mod quarantine;
mod refusals;
mod routing;
mod s3;
#[path = "../support/services.rs"]
mod services;
mod shards;
mod submission;
mod sweeping;
mod vanished;
mod workflows;
mod world;

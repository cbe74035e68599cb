//! The commands of people, run as processes against a real PostgreSQL that a real engine has written.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/database.rs"]
mod database;
#[path = "support/services.rs"]
mod services;

#[path = "commands/audited.rs"]
mod audited;
#[path = "commands/bench.rs"]
mod bench;
#[path = "commands/cases.rs"]
mod cases;
#[path = "commands/dead_letters.rs"]
mod dead_letters;
#[path = "commands/demo.rs"]
mod demo;
#[path = "commands/jobs.rs"]
mod jobs;
#[path = "commands/mails.rs"]
mod mails;
#[path = "commands/queues.rs"]
mod queues;
#[path = "commands/stats.rs"]
mod stats;
#[path = "commands/system.rs"]
mod system;

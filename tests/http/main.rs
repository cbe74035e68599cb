//! The HTTP API as portals, back-offices and administrators call it: over a socket, with tokens, against a real node
//! with a real PostgreSQL and a real RabbitMQ; a database and a virtual host of its own for each test.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod access;
mod administration;
mod agenda;
mod attachments;
mod audit;
mod commands;
mod conversation;
mod dead_letters;
mod described;
mod errors;
mod examples;
#[path = "../support/fake_clamd.rs"]
mod fake_clamd;
#[expect(dead_code, reason = "not every manner and every question is needed here")]
#[path = "../support/fake_register.rs"]
mod fake_register;
mod fuzz;
mod harness;
mod issuer;
mod leaks;
#[path = "../support/node.rs"]
mod node;
#[expect(dead_code, reason = "not everything a portal can ask is asked here")]
#[path = "../support/outsider.rs"]
mod outsider;
mod papers;
mod people;
mod preferences;
mod questions;
mod rates;
#[path = "../support/readers.rs"]
mod readers;
mod refusals;
mod registers;
#[path = "../support/services.rs"]
mod services;
mod tokens;

//! The chaos rig: real nodes, a real RabbitMQ and a real PostgreSQL that are killed, stopped and cut off under load,
//! clients that are not ours, and a ledger outside the engine that says what came of it. docs/reliability.md has the
//! rows and the figures.
//!
//! Faults need time to happen: where the rig sleeps, that is the fault's own duration, never a wait for a result.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]
#![expect(
    clippy::print_stderr,
    reason = "the rig says what it does and what it measured"
)]

mod engine;
#[expect(dead_code, reason = "not every manner is needed here")]
#[path = "../support/fake_smtp.rs"]
mod fake_smtp;
mod ledger;
mod load;
mod part;
mod proxy;
mod random;
mod rows;
mod service;
mod trial;
mod verdict;
mod world;

use std::process::Command;

use tokio::sync::Mutex;

use random::Plan;
use world::World;

/// One set of services at a time: two cores are few.
static TURN: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_matrix_keeps_its_promise() {
    let _turn = TURN.lock().await;
    install_clients();
    let mut world = World::start().await;
    rows::play(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_at_random_lose_nothing_and_double_nothing() {
    let _turn = TURN.lock().await;
    install_clients();
    let mut world = World::start().await;
    let run = random::run(&mut world, &Plan::of_environment()).await;
    run.print("this part");
    if let Some(book) = part::book() {
        run.keep(&book).print("all parts");
    }
    assert!(run.is_clean(), "a claim failed");
}

/// pika, where it is not there yet.
fn install_clients() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/publishers");
    assert!(Command::new(script).status().unwrap().success());
}

//! Memory: however much waits at the broker, a node holds no more than its share (K10).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::long::amount;
use crate::program::Program;
use crate::world::{World, request, with};

const MEBIBYTE: u64 = 1024 * 1024;

/// Submissions, each with a text of this many bytes as its file, before any node is there to take them.
async fn backlog(world: &World, messages: usize, file: usize) {
    let content = STANDARD.encode("Prego. ".repeat(file / 7));
    for _ in 0..messages {
        let files = json!({ "attachments": [{ "name": "prego.txt", "content_base64": content }] });
        world
            .send("portal.inca.request.submit", &with(request(), files))
            .await;
    }
}

async fn worked_off(world: &World, messages: usize) {
    let all = i64::try_from(messages).unwrap();
    world
        .until("the backlog is worked off", async || {
            world.count("select count(*) from cases").await >= all
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_costs_no_memory_however_long_it_is() {
    let mut world = World::start().await;
    world.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut peaks = Vec::new();
    let mut sent = 0;
    // What is 64 kB in its message.
    for messages in [amount(600, 3_000), amount(2_400, 30_000)] {
        backlog(&world, messages, 48_000).await;
        sent += messages;
        let program = Program::start_with(&world, &log, &[("USCIERE_AMQP__PREFETCH_BYTES", "8MiB")]);
        worked_off(&world, sent).await;
        peaks.push(program.peak_memory());
        program.kill();
    }
    assert!(
        peaks[1] < peaks[0] + 64 * MEBIBYTE,
        "{peaks:?} bytes with {sent} messages"
    );
}

/// A prefetch of 1,000 would let all of them in, 8 MB each, while the database stands still.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_the_budget_stays_at_the_broker() {
    let mut world = World::start().await;
    world.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let messages = amount(40, 300);
    backlog(&world, messages, 6_000_000).await;
    let mut standing = world.pool.begin().await.unwrap();
    sqlx::query("lock table inbox in access exclusive mode")
        .execute(&mut *standing)
        .await
        .unwrap();
    let program = Program::start_with(&world, &log, &[("USCIERE_AMQP__PREFETCH_BYTES", "24MiB")]);
    world
        .until("the node has its share", async || {
            let log = std::fs::read_to_string(&log).unwrap();
            log.contains("nothing more is read from the broker for now")
        })
        .await;
    let peak = program.peak_memory();
    eprintln!("peak {peak}");
    standing.rollback().await.unwrap();
    worked_off(&world, messages).await;
    assert!(
        peak < 224 * MEBIBYTE,
        "{peak} bytes while nothing could be committed"
    );
}

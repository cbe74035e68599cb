//! Memory: however much waits at the broker, a node holds no more than its share (K10).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

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

/// A submission whose file is as large as a file may be.
fn large() -> Value {
    let content = STANDARD.encode("Prego. ".repeat(6 * 1024 * 1024 / 7));
    let files = json!({ "attachments": [{ "name": "prego.txt", "content_base64": content }] });
    with(request(), files)
}

async fn worked_off(world: &World, messages: usize) {
    let all = i64::try_from(messages).unwrap();
    world
        .until_grown("the backlog is worked off", "select count(*) from cases", all)
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
    println!("{peaks:?} bytes at most, {sent} messages of 64 kB");
    assert!(
        peaks[1] < peaks[0] + 64 * MEBIBYTE,
        "{peaks:?} bytes with {sent} messages"
    );
}

/// The database stands still and large messages wait: a node holds its share of them, and little besides.
#[tokio::test(flavor = "multi_thread")]
async fn large_messages_before_a_locked_database_take_no_more_than_their_share() {
    let mut world = World::start().await;
    world.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let settings = [("USCIERE_DATABASE__LOCK_TIMEOUT", "200ms")];
    let idle = Program::start_with(&world, &log, &settings);
    world.send("portal.inca.request.submit", &request()).await;
    worked_off(&world, 1).await;
    let base = idle.peak_memory();
    idle.kill();
    for _ in 0..40 {
        world.send("portal.inca.request.submit", &large()).await;
    }
    let mut lock = world.pool.begin().await.unwrap();
    sqlx::raw_sql("lock table cases in exclusive mode; lock table protocol_register in exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let program = Program::start_with(&world, &log, &settings);
    world
        .until("it holds what it may and tries again and again", async || {
            let said = std::fs::read_to_string(&log).unwrap();
            said.contains("amqp.prefetch_bytes are held")
                && said
                    .matches("a lock the intake waits for is in this session's hands")
                    .count()
                    >= 4
        })
        .await;
    let locked = program.peak_memory();
    drop(lock);
    worked_off(&world, 41).await;
    let worked = program.peak_memory();
    println!("{base} bytes idle, {locked} before a locked database, {worked} when all was worked off");
    program.kill();
    for peak in [locked, worked] {
        assert!(peak < base + 192 * MEBIBYTE, "{peak} bytes, {base} of them idle");
    }
}

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

//! `usciere demo traffic` against a running node.

use std::process::Command;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn traffic_comes_through_the_broker_and_is_answered() {
    let mut world = World::start().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_usciere"));
    command
        .args([
            "demo",
            "traffic",
            "--rate",
            "50",
            "--for",
            "2s",
            "-o",
            "json",
            "--profile",
            "test",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env("DATABASE_URL", world.config.database.url.expose())
        .env("AMQP_URL", &world.config.amqp.url.0);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{talk}");
    let sent: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(sent["failed"], 0);
    world.settle().await;
    let submitted = world.count("select count(*) from cases").await;
    assert!(submitted > 0);
    assert_eq!(sent["submitted"], submitted);
    let replied = world
        .count("select count(*) from case_event where kind = 'replied'")
        .await;
    assert_eq!(sent["replied"], replied);
    world.stop().await;
}

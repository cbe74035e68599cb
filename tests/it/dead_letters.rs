//! What cannot be understood or trusted is kept byte for byte with its reason, and harms nobody.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use serde_json::json;
use sqlx::Row as _;

use crate::world::{World, request, with};

const SUBMIT: &str = "portal.inca.request.submit";

fn right(id: &str) -> BasicProperties {
    BasicProperties::default()
        .with_message_id(id.into())
        .with_type("request.submit".into())
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
}

fn headers(count: usize) -> FieldTable {
    let mut table = FieldTable::default();
    for number in 0..count {
        table.insert(format!("h{number}").into(), AMQPValue::LongInt(1));
    }
    table
}

fn broken() -> Vec<(&'static str, &'static str, Vec<u8>, BasicProperties)> {
    let good = || request().to_string().into_bytes();
    let text = |text: &str| text.as_bytes().to_vec();
    let mut newer = FieldTable::default();
    newer.insert("schema-version".into(), AMQPValue::LongInt(2));
    vec![
        (
            "missing_message_id",
            SUBMIT,
            good(),
            BasicProperties::default().with_content_type("application/json".into()),
        ),
        ("missing_message_id", SUBMIT, good(), right("with space")),
        (
            "wrong_content_type",
            SUBMIT,
            good(),
            right("d2").with_content_type("text/plain".into()),
        ),
        (
            "wrong_content_encoding",
            SUBMIT,
            good(),
            right("d3").with_content_encoding("gzip".into()),
        ),
        (
            "invalid_utf8",
            SUBMIT,
            b"{\"text\": \"\xff\"}".to_vec(),
            right("d4"),
        ),
        ("invalid_utf8", SUBMIT, b"\xef\xbb\xbf{}".to_vec(), right("d5")),
        ("invalid_json", SUBMIT, text("{\"text\": "), right("d6")),
        ("invalid_json", SUBMIT, Vec::new(), right("d7")),
        (
            "nul_in_text",
            SUBMIT,
            text("{\"text\": \"a\\u0000b\"}"),
            right("d8"),
        ),
        ("too_large", SUBMIT, vec![b' '; 9 * 1024 * 1024 + 1], right("d9")),
        (
            "too_deep",
            SUBMIT,
            text(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
            right("d10"),
        ),
        (
            "too_many_headers",
            SUBMIT,
            good(),
            right("d11").with_headers(headers(500)),
        ),
        (
            "duplicate_key",
            SUBMIT,
            text("{\"text\": \"a\", \"text\": \"b\"}"),
            right("d12"),
        ),
        (
            "unknown_type",
            "portal.inca.request.fly",
            good(),
            right("d13").with_type("request.fly".into()),
        ),
        ("publisher_not_authorised", "nonsense", good(), right("d14")),
        (
            "type_mismatch",
            SUBMIT,
            good(),
            right("d15").with_type("request.message".into()),
        ),
        ("schema_too_new", SUBMIT, good(), right("d16").with_headers(newer)),
        (
            "publisher_not_authorised",
            SUBMIT,
            with(request(), json!({"patronato": "acli"}))
                .to_string()
                .into_bytes(),
            right("d17"),
        ),
        (
            "publisher_not_authorised",
            "portal.ignoto.request.submit",
            with(request(), json!({"patronato": "ignoto"}))
                .to_string()
                .into_bytes(),
            right("d18"),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_is_told_apart_and_the_bytes_are_kept() {
    let world = World::start().await;
    let cases = broken();
    for (_, key, body, properties) in &cases {
        world.publish(key, body, properties.clone()).await;
        // A good one between any two broken ones.
        world.send(SUBMIT, &request()).await;
    }
    for _ in &cases {
        assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    }
    world.settle().await;
    let rows = sqlx::query("select reason, routing_key, body from dead_letter order by id")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    let mut kept: Vec<(String, String, Vec<u8>)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let mut expected: Vec<(String, String, Vec<u8>)> = cases
        .iter()
        .map(|(reason, key, body, _)| ((*reason).to_owned(), (*key).to_owned(), body.clone()))
        .collect();
    kept.sort();
    expected.sort();
    let reasons =
        |rows: &[(String, String, Vec<u8>)]| rows.iter().map(|row| row.0.clone()).collect::<Vec<_>>();
    assert_eq!(reasons(&kept), reasons(&expected));
    assert!(kept == expected, "bodies differ");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_body_under_a_used_message_id_is_kept_and_changes_nothing() {
    let world = World::start().await;
    world.send_as("m-1", SUBMIT, &request()).await;
    assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    world.send_as("m-1", SUBMIT, &request()).await;
    world
        .until("it is kept", async || {
            world
                .count("select count(*) from dead_letter where reason = 'message_id_reused'")
                .await
                == 1
        })
        .await;
    assert_eq!(world.count("select count(*) from cases").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_command_that_is_kept_aside_hears_why_at_once() {
    let mut world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("doubled.json");
    std::fs::write(
        &file,
        r#"{"patronato": "inca", "role": "operator", "role": "operator"}"#,
    )
    .unwrap();
    let send = |id: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_usciere"));
        command
            .args([
                "send",
                "--wait",
                "--timeout",
                "10m",
                "--profile",
                "test",
                "--as",
                "portal.inca",
            ])
            .args(["--message-id", id])
            .arg(&file)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .env("DATABASE_URL", world.config.database.url.expose())
            .env("AMQP_URL", &world.config.amqp.url.0);
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    // The second is told of its own letter, not of the first's.
    for number in [1, 2] {
        let output = send("twice").await.unwrap();
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{talk}");
        assert!(
            talk.contains(&format!("kept as dead letter {number}: duplicate_key - ")),
            "{talk}"
        );
    }
    world.stop().await;
}

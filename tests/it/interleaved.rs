//! Broken messages between good ones: each is kept with its exact reason and bytes, no good one is lost, and those that
//! send good ones hardly notice.
//!
//! `INTERLEAVED=100000 cargo test --test it interleaved -- --nocapture` is the long form.

use std::collections::BTreeMap;
use std::time::Duration;

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use sha2::{Digest, Sha256};
use sqlx::Row as _;
use tokio::time::Instant;

use crate::world::{World, request};

const SUBMIT: &str = "portal.inca.request.submit";
/// One in eleven is broken.
const GOOD_PER_BROKEN: usize = 10;

type Message = (String, Vec<u8>, BasicProperties);

fn right(id: &str) -> BasicProperties {
    BasicProperties::default()
        .with_message_id(id.into())
        .with_type("request.submit".into())
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
}

fn good() -> Message {
    let body = request();
    let id = format!("good-{}", body["request_id"].as_str().unwrap());
    (SUBMIT.to_owned(), body.to_string().into_bytes(), right(&id))
}

fn header(name: &str, value: AMQPValue) -> FieldTable {
    let mut table = FieldTable::default();
    table.insert(name.into(), value);
    table
}

/// A broken message with the reason it must be kept for. Its body is like no other, so that it can be told which is
/// which.
fn broken(number: usize) -> (&'static str, Message) {
    let id = format!("broken-{number}");
    let whole = || {
        let mut body = request();
        body["text"] = format!("n. {number}").into();
        body.to_string().into_bytes()
    };
    let text = |text: String| text.into_bytes();
    let (reason, body, properties) = match number % 15 {
        0 => ("invalid_json", text(format!("{{\"n\": {number}, ")), right(&id)),
        1 => ("invalid_utf8", [&whole()[..], b"\xc3\x28"].concat(), right(&id)),
        2 => (
            "nul_in_text",
            text(format!("{{\"text\": \"{number}\\u0000\"}}")),
            right(&id),
        ),
        3 => (
            "too_deep",
            text(format!("{}{number}{}", "[".repeat(40), "]".repeat(40))),
            right(&id),
        ),
        4 => (
            "duplicate_key",
            text(format!("{{\"text\": {number}, \"text\": 0}}")),
            right(&id),
        ),
        5 => (
            "wrong_content_type",
            whole(),
            right(&id).with_content_type("text/xml".into()),
        ),
        6 => (
            "wrong_content_encoding",
            whole(),
            right(&id).with_content_encoding("gzip".into()),
        ),
        7 => (
            "missing_message_id",
            whole(),
            BasicProperties::default()
                .with_type("request.submit".into())
                .with_content_type("application/json".into()),
        ),
        8 => (
            "type_mismatch",
            whole(),
            right(&id).with_type("request.message".into()),
        ),
        9 => (
            "schema_too_new",
            whole(),
            right(&id).with_headers(header("schema-version", AMQPValue::LongInt(2))),
        ),
        10 => (
            "too_many_headers",
            whole(),
            right(&id).with_headers(
                (0..200)
                    .map(|at| (format!("h{at}").into(), AMQPValue::LongInt(at)))
                    .collect::<BTreeMap<_, _>>()
                    .into(),
            ),
        ),
        11 => (
            "too_many_headers",
            whole(),
            right(&id).with_headers(header("h", AMQPValue::LongString(vec![b'a'; 100_000].into()))),
        ),
        // A number no double holds, and half a character.
        12 => (
            "invalid_json",
            text(format!("{{\"n\": {number}, \"x\": 1e999}}")),
            right(&id),
        ),
        13 => (
            "invalid_json",
            text(format!("{{\"n\": {number}, \"x\": \"\\ud800\"}}")),
            right(&id),
        ),
        _ => {
            let body = String::from_utf8(whole()).unwrap();
            (
                "publisher_not_authorised",
                text(body.replace("\"inca\"", "\"acli\"")),
                right(&id),
            )
        }
    };
    (reason, (SUBMIT.to_owned(), body, properties))
}

fn good_ones() -> usize {
    let asked = std::env::var_os("INTERLEAVED").and_then(|count| count.to_str()?.parse().ok());
    asked.unwrap_or(5_000)
}

/// Has a new node work what lies in the intake until there are so many requests; answers how long it took.
async fn worked(world: &mut World, requests: usize) -> Duration {
    let began = Instant::now();
    world.add_node().await;
    let all = i64::try_from(requests).unwrap();
    world
        .until_grown("work goes on", "select count(*) from cases", all)
        .await;
    let took = began.elapsed();
    world.settle().await;
    world.stop().await;
    took
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_ones_between_good_ones_are_kept_exactly_and_no_good_one_is_lost() {
    let count = good_ones();
    let mut world = World::start().await;
    world.stop().await;
    world.publish_all((0..count).map(|_| good())).await;
    let alone = worked(&mut world, count).await;

    let mut expected = BTreeMap::new();
    let mut messages = Vec::new();
    for number in 0..count {
        messages.push(good());
        if number % GOOD_PER_BROKEN == 0 {
            let (reason, message) = broken(number / GOOD_PER_BROKEN);
            expected.insert(Sha256::digest(&message.1).to_vec(), reason.to_owned());
            messages.push(message);
        }
    }
    assert_eq!(expected.len(), count / GOOD_PER_BROKEN);
    world.publish_all(messages).await;
    let between = worked(&mut world, 2 * count).await;

    let kept = sqlx::query("select sha256(body), reason from dead_letter")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    assert_eq!(kept.len(), expected.len());
    let kept: BTreeMap<Vec<u8>, String> = kept.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(kept == expected, "reasons or bytes differ");
    let accepted = "select count(distinct case_id) from outbox_sent where kind = 'request.accepted'";
    assert_eq!(world.count(accepted).await, i64::try_from(2 * count).unwrap());
    let ratio = alone.as_secs_f64() / between.as_secs_f64();
    println!(
        "{count} good ones alone: {alone:.1?}; with {} broken between them: {between:.1?}; throughput ratio {ratio:.2}",
        expected.len()
    );
}

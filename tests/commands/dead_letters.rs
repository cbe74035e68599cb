//! `usciere dead`.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use usciere::domain::dead_letter::DeadLetterReason;
use usciere::engine::{Handled, Item};
use usciere::store::NewDeadLetter;

use crate::system::{System, request};

/// Keeps a message as the intake would have.
async fn bury(system: &System, reason: DeadLetterReason, properties: Value, body: &[u8]) {
    let letter = NewDeadLetter {
        reason,
        detail: "as the intake found it".to_owned(),
        source: Some("portal.inca".to_owned()),
        message_id: properties["message_id"].as_str().map(str::to_owned),
        routing_key: "portal.inca.request.submit".to_owned(),
        properties,
        headers: json!({ "schema-version": 1 }),
        body: body.to_vec(),
    };
    let kept = system.work(Item::DeadLetter(Arc::new(letter))).await;
    assert!(matches!(kept, Handled::DeadLettered { .. }), "{kept:?}");
}

fn properties() -> Value {
    json!({ "type": "request.submit", "content_type": "application/json" })
}

async fn without_id(system: &System) {
    let body = request().to_string();
    bury(
        system,
        DeadLetterReason::MissingMessageId,
        properties(),
        body.as_bytes(),
    )
    .await;
}

#[tokio::test]
async fn what_lacked_an_id_is_worked_once() {
    let system = System::start().await;
    without_id(&system).await;
    let replayed = system.usciere(&["dead", "replay", "1"]);
    assert_eq!(replayed.code, 0, "{}", replayed.talk);
    let line = &replayed.json()[0];
    assert_eq!(line["outcome"], "done");
    let number = line["protocol_number"].as_str().unwrap();
    let shown = system.usciere(&["case", "show", number]).json();
    assert_eq!(shown["request_id"], line["request_id"]);

    let again = system.usciere(&["dead", "replay", "1"]);
    assert_eq!(again.code, 6, "{}", again.talk);
    assert!(again.talk.contains("replayed by"), "{}", again.talk);
    assert_eq!(system.usciere(&["case", "list"]).all("request_id").len(), 1);
    assert_eq!(system.usciere(&["dead", "list"]).json(), json!([]));
    let audited = system.usciere(&["audit", "list", "--action", "dead replay"]);
    assert_eq!(audited.all("correlation"), ["dead letter 1"; 2], "each attempt");
    let resolved = &system.usciere(&["dead", "list", "--all"]).json()[0]["resolved"];
    assert_eq!(resolved["resolution"], "replayed");
    assert_ne!(resolved["by"], "");
}

#[tokio::test]
async fn a_crash_between_working_and_closing_does_not_work_twice() {
    let system = System::start().await;
    without_id(&system).await;
    system.usciere(&["dead", "replay", "1"]);
    sqlx::query("update dead_letter set resolution = null, resolved_at = null, resolved_by = null")
        .execute(&system.database.pool)
        .await
        .unwrap();
    let again = system.usciere(&["dead", "replay", "1"]);
    assert_eq!((again.code, &again.json()[0]["outcome"]), (0, &json!("done")));
    assert_eq!(system.usciere(&["case", "list"]).all("request_id").len(), 1);
}

#[tokio::test]
async fn what_is_still_bad_stays_and_the_rest_is_worked() {
    let system = System::start().await;
    without_id(&system).await;
    bury(&system, DeadLetterReason::InvalidJson, properties(), b"{").await;
    let mut wrong = request();
    wrong["topic"] = json!("giardinaggio");
    let wrong = wrong.to_string();
    bury(
        &system,
        DeadLetterReason::SchemaTooNew,
        properties(),
        wrong.as_bytes(),
    )
    .await;
    bury(
        &system,
        DeadLetterReason::UnknownType,
        json!({ "timestamp": "now" }),
        b"{}",
    )
    .await;

    let asked = system.usciere(&["dead", "replay", "--all"]);
    assert_eq!(asked.code, 2, "nobody can answer: {}", asked.talk);
    let replayed = system.usciere(&["dead", "replay", "--all", "--yes"]);
    assert_eq!(replayed.code, 3, "{}", replayed.talk);
    let (outcomes, told) = (replayed.all("outcome"), replayed.json());
    assert_eq!(
        outcomes,
        ["done", "still_dead", "refused", "still_dead"],
        "{told:#}"
    );
    assert_eq!(replayed.json()[1]["reason"], "invalid_json");
    assert_eq!(replayed.json()[2]["code"], "topic_unknown");
    assert_eq!(system.usciere(&["dead", "list"]).all("id"), [4, 2]);
    let told = system.usciere(&["dead", "list", "--reason", "invalid_json"]);
    assert_eq!(told.all("id"), [2]);

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), request().to_string()).unwrap();
    let body = file.path().to_str().unwrap();
    let two = system.usciere(&["dead", "replay", "2", "4", "--body", body]);
    assert_eq!(two.code, 2, "one body is for one message: {}", two.talk);
    let mended = system.usciere(&["dead", "replay", "2", "--body", body]);
    assert_eq!(mended.code, 0, "{}", mended.talk);
    let kept = system.usciere(&["dead", "show", "2", "--raw"]);
    assert_eq!(kept.out, b"{", "the original stays as it came");
    let resolved = &system.usciere(&["dead", "show", "2"]).json()["resolved"];
    let copy = format!("{:x}", Sha256::digest(request().to_string()));
    assert_eq!(resolved["edited_sha256"], copy, "the copy is kept beside it");
    let edited: Vec<u8> = sqlx::query_scalar("select replayed_body from dead_letter where id = 2")
        .fetch_one(&system.database.pool)
        .await
        .unwrap();
    assert_eq!(edited, request().to_string().into_bytes());
    let new_id = resolved["replayed_as"].as_str().unwrap();
    let linked = "select count(*) from inbox where message_id = $1 and outcome = 'done'";
    let linked: i64 = sqlx::query_scalar(linked)
        .bind(new_id)
        .fetch_one(&system.database.pool)
        .await
        .unwrap();
    assert_eq!(linked, 1, "worked under the id the letter names");

    let mut again = properties();
    again["message_id"] = json!(new_id);
    bury(&system, DeadLetterReason::EngineFault, again, b"{}").await;
    let died = system.usciere(&["dead", "list"]).all("replay_of");
    assert_eq!(
        died[0], 2,
        "what dies under that id names the letter it is the replay of"
    );
}

#[tokio::test]
async fn a_filter_says_which_and_a_rehearsal_does_nothing() {
    let system = System::start().await;
    without_id(&system).await;
    bury(&system, DeadLetterReason::InvalidJson, properties(), b"{").await;
    let stranger = NewDeadLetter {
        reason: DeadLetterReason::UnknownType,
        detail: String::new(),
        source: Some("sede.230001".to_owned()),
        message_id: None,
        routing_key: "sede.230001.request.reply".to_owned(),
        properties: json!({}),
        headers: json!({}),
        body: b"{}".to_vec(),
    };
    system.work(Item::DeadLetter(Arc::new(stranger))).await;
    sqlx::query("update dead_letter set received_at = '2026-11-01T10:00:00Z' where id = 2")
        .execute(&system.database.pool)
        .await
        .unwrap();

    let listed = |filter: &[&str]| system.usciere(&[&["dead", "list"], filter].concat()).all("id");
    assert_eq!(listed(&["--source", "portal.inca"]), [2, 1]);
    assert_eq!(listed(&["--command", "request.reply"]), [3]);
    assert_eq!(listed(&["--since", "2026-11-02"]), [3, 1]);
    assert_eq!(
        listed(&["--until", "2026-11-01T11:00:00+01:00"]),
        Vec::<Value>::new()
    );
    assert_eq!(listed(&["--until", "2026-11-01T11:00:01+01:00"]), [2]);
    assert_eq!(
        listed(&["--source", "portal.inca", "--reason", "invalid_json"]),
        [2]
    );

    let rehearsed = system.usciere(&["dead", "replay", "--source", "portal.inca", "--dry-run"]);
    assert_eq!(rehearsed.code, 0, "{}", rehearsed.talk);
    assert_eq!(rehearsed.all("readable"), [true, false]);
    assert_eq!(rehearsed.json()[1]["reason"], "invalid_json");
    assert!(
        rehearsed
            .talk
            .contains("1 dead letter would be worked, 1 would stay"),
        "{}",
        rehearsed.talk
    );
    assert_eq!(system.usciere(&["case", "list"]).json(), json!([]));
    assert_eq!(listed(&[]), [3, 2, 1]);

    let mixed = system.usciere(&["dead", "replay", "1", "--source", "portal.inca"]);
    assert_eq!(mixed.code, 2, "{}", mixed.talk);
    let replayed = system.usciere(&["dead", "replay", "--command", "request.submit", "--yes"]);
    assert_eq!(replayed.code, 3, "{}", replayed.talk);
    assert_eq!(replayed.all("outcome"), ["done", "still_dead"]);
    let discarded = system.usciere(&[
        "dead",
        "discard",
        "--until",
        "2026-11-02",
        "--why",
        "prova",
        "--yes",
    ]);
    assert_eq!(discarded.all("id"), [2]);
    assert_eq!(listed(&[]), [3]);
    // Written down before it is done, whatever comes of it.
    for (action, about) in [("dead replay", &[2, 1][..]), ("dead discard", &[2])] {
        let audited = system.usciere(&["audit", "list", "--action", action]);
        let letters = about.iter().map(|id| json!(format!("dead letter {id}")));
        assert_eq!(audited.all("correlation"), letters.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_message_under_a_used_id_is_worked_under_its_own() {
    let system = System::start().await;
    let first = system
        .handle("portal.inca.request.submit", "m-1", &request())
        .await;
    assert!(matches!(first, Handled::Done { .. }));
    let mut properties = properties();
    properties["message_id"] = json!("m-1");
    let mut body = request();
    body["text"] = json!("Un'altra richiesta.");
    let body = body.to_string();
    bury(
        &system,
        DeadLetterReason::MessageIdReused,
        properties,
        body.as_bytes(),
    )
    .await;
    assert_eq!(system.usciere(&["dead", "replay", "1"]).code, 0);
    assert_eq!(system.usciere(&["case", "list"]).all("request_id").len(), 2);
}

#[tokio::test]
async fn what_the_engine_will_not_take_stays_and_is_not_doubled() {
    let system = System::start().await;
    let body = json!({ "patronato": "nessuno" }).to_string();
    let letter = NewDeadLetter {
        reason: DeadLetterReason::MissingMessageId,
        detail: String::new(),
        source: Some("portal.nessuno".to_owned()),
        message_id: None,
        routing_key: "portal.nessuno.request.submit".to_owned(),
        properties: properties(),
        headers: json!({}),
        body: body.into_bytes(),
    };
    system.work(Item::DeadLetter(Arc::new(letter))).await;
    let replayed = system.usciere(&["dead", "replay", "1"]);
    assert_eq!(replayed.code, 3, "{}", replayed.talk);
    assert_eq!(replayed.json()[0]["reason"], "publisher_not_authorised");
    assert_eq!(
        replayed.json()[0]["detail"],
        "portal.nessuno is not in the registers"
    );
    assert_eq!(system.usciere(&["dead", "list", "--all"]).all("id"), [1]);
}

#[tokio::test]
async fn a_body_is_shown_masked_or_byte_for_byte() {
    let system = System::start().await;
    let body = [b"\xef\xbb\xbf", request().to_string().as_bytes(), b"\n\0"].concat();
    bury(&system, DeadLetterReason::InvalidJson, properties(), &body).await;
    without_id(&system).await;
    let masked = system.usciere(&["dead", "show", "2"]);
    assert_eq!(masked.json()["body_masked"]["operator"]["name"], "***");
    assert!(!String::from_utf8_lossy(&masked.out).contains("Rossi"));
    assert_eq!(
        system.usciere(&["dead", "show", "1"]).json()["body_masked"],
        Value::Null
    );
    assert_eq!(system.usciere(&["dead", "show", "1", "--raw"]).out, body);
    let audited = system.usciere(&["audit", "list", "--action", "dead show"]);
    assert_eq!(audited.all("correlation"), ["dead letter 1"]);
    assert_eq!(audited.all("capacity"), ["administrator"]);
    assert_eq!(system.usciere(&["dead", "show", "17"]).code, 5);
}

#[tokio::test]
async fn what_is_exported_is_whole() {
    let system = System::start().await;
    bury(&system, DeadLetterReason::InvalidJson, properties(), b"{\xff\0").await;
    without_id(&system).await;
    let exported = system.usciere(&["dead", "export", "--all"]);
    assert_eq!(exported.code, 0, "{}", exported.talk);
    let lines: Vec<Value> = String::from_utf8(exported.out)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["body_base64"], "e/8A");
    assert_eq!(lines[0]["headers"]["schema-version"], 1);
    assert_eq!(lines[1]["properties"]["type"], "request.submit");
    assert_eq!(system.usciere(&["dead", "export", "17"]).code, 5);
}

#[tokio::test]
async fn discarding_needs_a_reason_and_a_yes() {
    let system = System::start().await;
    for _ in 0..3 {
        without_id(&system).await;
    }
    assert_eq!(system.usciere(&["dead", "discard", "1"]).code, 2);
    assert_eq!(
        system
            .usciere(&["dead", "discard", "1", "--why", " ", "--yes"])
            .code,
        2
    );
    let asked = system.usciere(&["dead", "discard", "1", "--why", "prova"]);
    assert!(asked.code == 2 && asked.talk.contains("--yes"), "{}", asked.talk);
    assert_eq!(
        system
            .usciere(&["dead", "discard", "9", "--why", "prova", "--yes"])
            .code,
        5
    );

    let done = system.usciere(&["dead", "discard", "1", "--why", "prova", "--yes"]);
    assert_eq!((done.code, done.all("outcome")), (0, vec![json!("discarded")]));
    let partly = system.usciere(&["dead", "discard", "1", "2", "--why", "prova", "--yes"]);
    assert_eq!(partly.code, 3);
    assert_eq!(partly.all("outcome"), ["not_open", "discarded"]);
    let none = system.usciere(&["dead", "discard", "1", "2", "--why", "prova", "--yes"]);
    assert_eq!(none.code, 6, "{}", none.talk);
    assert_eq!(system.usciere(&["dead", "replay", "1"]).code, 6);

    let shown = system.usciere(&["dead", "show", "1"]).json();
    assert_eq!(shown["resolved"]["resolution"], "discarded");
    assert_eq!(shown["resolved"]["why"], "prova");
    let paged = system.usciere(&["dead", "list", "--all", "--after", "3", "--limit", "1"]);
    assert_eq!(paged.all("id"), [2]);
}

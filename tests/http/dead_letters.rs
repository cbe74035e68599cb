//! Dead letters over HTTP: looked at, worked again, closed.

use lapin::BasicProperties;
use serde_json::{Value, json};

use crate::harness::{SEDE, Site, submission, until};
use crate::people::{manager, operator};

const SUBMIT: &str = "portal.inca.request.submit";

/// The submission as a message, without what a token says.
fn message() -> Value {
    let mut body = submission();
    body["patronato"] = json!("inca");
    body["office"] = json!("INCA-RM-001");
    body["operator"] = json!({"id": "op1", "name": "Mario Rossi"});
    body
}

fn typed(kind: &str) -> BasicProperties {
    BasicProperties::default()
        .with_type(kind.into())
        .with_content_type("application/json".into())
}

impl Site {
    /// Publishes what becomes a dead letter and waits until it is one: its id.
    async fn bury(&self, key: &str, properties: BasicProperties, body: &[u8]) -> i64 {
        let before = self.dead_letters("?limit=1").await["items"][0]["id"].as_i64();
        self.outsider.publish(key, body, properties).await;
        until("the dead letter", async || {
            let newest = self.dead_letters("?limit=1").await["items"][0]["id"].as_i64();
            newest.filter(|_| newest > before)
        })
        .await
    }

    async fn dead_letters(&self, query: &str) -> Value {
        self.get(&manager(), &format!("/dead-letters{query}"))
            .await
            .done(200)
    }
}

#[tokio::test]
async fn dead_letters_are_looked_at_masked_worked_again_and_closed() {
    let site = Site::start().await;
    let body = message().to_string();
    let no_id = site.bury(SUBMIT, typed("request.submit"), body.as_bytes()).await;
    let broken = site
        .bury(
            SUBMIT,
            typed("request.submit").with_message_id("m-1".into()),
            b"{",
        )
        .await;
    let strange = "portal.nessuno.request.submit";
    let stranger = site
        .bury(
            strange,
            typed("request.submit").with_message_id("m-2".into()),
            body.replace("inca", "nessuno").as_bytes(),
        )
        .await;

    let page = site.dead_letters("?limit=2").await;
    assert_eq!(
        (&page["items"][0]["id"], &page["next"]),
        (&json!(stranger), &json!(broken.to_string()))
    );
    let rest = site.dead_letters(&format!("?limit=2&cursor={broken}")).await;
    assert_eq!(
        (&rest["items"][0]["id"], &rest["next"]),
        (&json!(no_id), &Value::Null)
    );
    let filtered = site.dead_letters("?reason=invalid_json").await;
    assert_eq!(filtered["items"].as_array().unwrap().len(), 1);
    site.get(&manager(), "/dead-letters?reason=boh")
        .await
        .problem(422, "invalid_query");

    let shown = site.dead_letters(&format!("/{no_id}")).await;
    assert_eq!(shown["reason"], "missing_message_id");
    assert_eq!(shown["body_masked"]["operator"]["name"], "***");
    assert!(!shown.to_string().contains("BNCMRA50A01H501U"));
    site.get(&manager(), "/dead-letters/17000")
        .await
        .problem(404, "unknown");
    site.get(&manager(), "/dead-letters/x")
        .await
        .problem(404, "unknown");

    let replayed = site
        .order(&format!("/dead-letters/{no_id}/replay"), json!({}))
        .await
        .done(200);
    assert_eq!(replayed["outcome"], "done");
    let again = site
        .order(&format!("/dead-letters/{no_id}/replay"), json!({}))
        .await;
    let told = again.problem(409, "not_open");
    assert_eq!(told["detail"], "È già stato rilavorato da gestore1.");
    let all = site.order("/dead-letters/replay", json!({})).await.done(200);
    assert_eq!((&all["worked"], &all["left"]), (&json!(0), &json!(2)));
    assert_eq!(all["items"][1]["reason"], "publisher_not_authorised");
    assert_eq!(
        all["items"][1]["detail"],
        "portal.nessuno is not in the registers"
    );

    let discard = format!("/dead-letters/{broken}/discard");
    site.order(&discard, json!({"reason": " "}))
        .await
        .problem(422, "invalid_body");
    let closed = site.order(&discard, json!({"reason": "prova"})).await.done(200);
    assert_eq!(
        (&closed["resolved"]["by"], &closed["resolved"]["why"]),
        (&json!("gestore1"), &json!("prova"))
    );
    site.order(&discard, json!({"reason": "prova"}))
        .await
        .problem(409, "not_open");
    site.stop().await;
}

#[tokio::test]
async fn dead_letters_are_found_rehearsed_and_worked_with_an_edited_copy() {
    let site = Site::start().await;
    let broken = typed("request.submit").with_message_id("m-1".into());
    let broken = site.bury(SUBMIT, broken, b"{").await;
    let no_type = typed("").with_message_id("m-2".into());
    let untyped = site
        .bury(&format!("sede.{SEDE}.request.reply"), no_type, b"{}")
        .await;
    for (query, found) in [
        ("?source=portal.inca", vec![broken]),
        ("?command=request.reply", vec![untyped]),
        ("?since=2020-01-01T00:00:00Z", vec![untyped, broken]),
        ("?until=2020-01-01T00:00:00Z", vec![]),
    ] {
        let listed = site.dead_letters(query).await;
        let ids: Vec<i64> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|letter| letter["id"].as_i64().unwrap())
            .collect();
        assert_eq!(ids, found, "{query}");
    }
    site.get(&manager(), "/dead-letters?source=qualcuno")
        .await
        .problem(422, "invalid_query");

    let exported = site
        .get(&manager(), "/dead-letters/export?source=portal.inca")
        .await;
    assert_eq!(
        (exported.status, exported.header("content-type")),
        (200, "application/jsonl")
    );
    let line: Value = serde_json::from_slice(&exported.bytes).unwrap();
    assert_eq!(
        (&line["id"], &line["body_base64"]),
        (&json!(broken), &json!("ew=="))
    );
    site.get(&operator(), "/dead-letters/export")
        .await
        .problem(403, "forbidden");

    let which = json!({"source": "portal.inca", "dry_run": true});
    let rehearsed = site.order("/dead-letters/replay", which).await.done(200);
    assert_eq!(rehearsed["readable"], 0);
    assert_eq!(rehearsed["items"][0]["reason"], "invalid_json");
    assert_eq!(site.dead_letters("").await["items"].as_array().unwrap().len(), 2);

    let replay = format!("/dead-letters/{broken}/replay");
    let mut refused = message();
    refused["topic"] = json!("giardinaggio");
    let mut still = message();
    still["patronato"] = json!("acli");
    let dead_again = site.order(&replay, json!({"body": still})).await.done(200);
    assert_eq!(
        (&dead_again["outcome"], &dead_again["reason"]),
        (&json!("still_dead"), &json!("publisher_not_authorised"))
    );
    let told = site.order(&replay, json!({"body": refused})).await.done(200);
    assert_eq!(
        (&told["outcome"], &told["code"]),
        (&json!("refused"), &json!("topic_unknown"))
    );
    let which = json!({"command": "request.reply", "why": " "});
    site.order("/dead-letters/discard", which)
        .await
        .problem(422, "invalid_body");
    let which = json!({"command": "request.reply", "why": "prova"});
    let closed = site.order("/dead-letters/discard", which).await.done(200);
    assert_eq!(closed, json!({"ids": [untyped]}), "the other was replayed");
    let why = site.dead_letters(&format!("/{untyped}")).await;
    assert_eq!(
        (&why["resolved"]["by"], &why["resolved"]["why"]),
        (&json!("gestore1"), &json!("prova"))
    );
    let shown = site.dead_letters(&format!("/{broken}")).await;
    assert_eq!(shown["resolved"]["by"], "gestore1");
    assert_eq!(shown["resolved"]["edited_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(shown["size"], 1, "the original stays as it came");
    let audited: i64 = sqlx::query_scalar(
        "select count(*) from audit where action = 'POST /api/v1/dead-letters/{id}/replay' and actor = 'gestore1'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(audited, 2);
    site.stop().await;
}

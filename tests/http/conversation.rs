//! A request's whole life over HTTP: each command with its status, its answer and what portals and sedi are told.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{SEDE, Site, answered, submission};
use crate::people::{colleague, of_pomezia, officer, operator};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The offer for an event among those of an answer.
fn offer<'a>(answer: &'a Value, event: &str) -> &'a Value {
    let offers = answer["allowed"].as_array().unwrap();
    offers
        .iter()
        .find(|offer| offer["event"] == event)
        .unwrap_or_else(|| panic!("no {event} among {offers:?}"))
}

#[tokio::test]
async fn a_submission_is_created_and_told_to_portal_and_sede() {
    let site = Site::start().await;
    let call = site
        .call_as(&operator(), Method::POST, "/requests")
        .header("idempotency-key", "\"k-1\"")
        .header("traceparent", TRACE);
    let answer = answered(call.json(&submission())).await;
    let body = answer.done(201);
    let id = body["request_id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/api/v1/requests/{id}"));
    assert_eq!(body["event"], "request.accepted");
    assert_eq!(body["sede"], SEDE);
    assert_eq!(body["solicit_from"], "2026-12-08");
    assert_eq!(offer(&body, "attached")["allowed"], true);
    assert_eq!(offer(&body, "solicited")["allowed"], false);
    assert_eq!(offer(&body, "solicited")["available_from"], "2026-12-08");

    let accepted = site.next("portal.inca").await;
    assert_eq!(
        (
            accepted.kind.as_str(),
            &*accepted.causation_id(),
            accepted.text_header("traceparent").as_deref()
        ),
        ("request.accepted", "k-1", Some(TRACE))
    );
    let assigned = site.next(&format!("sede.{SEDE}")).await;
    assert_eq!(assigned.body["request_id"], id);
    assert_eq!(assigned.body["operator"]["id"], "op1");
    site.stop().await;
}

#[tokio::test]
async fn a_conversation_is_held_over_http() {
    let site = Site::start().await;
    let (sender, other, sede) = (operator(), colleague(), officer(SEDE));
    let path = site.submit(&sender).await;
    let post =
        async |person, what: &str, body: Value| site.post(person, &format!("{path}/{what}"), &body).await;
    let waiting = post(&sender, "messages", json!({"text": "Novità?"})).await;
    waiting.problem(409, "awaiting_reply");
    post(&sede, "take", json!({})).await.done(200);
    post(&sede, "notes", json!({"text": "Sentire l'archivio."}))
        .await
        .done(200);
    let early = post(&sender, "solicits", json!({})).await;
    assert_eq!(early.problem(409, "not_yet")["available_from"], "2026-12-08");
    site.days_later(16);
    post(&other, "solicits", json!({})).await.done(200);
    let stranger = post(&other, "appointments", json!({"wish": "di mattina"})).await;
    stranger.problem(403, "not_sender");
    post(&sender, "appointments", json!({"wish": "di mattina"}))
        .await
        .done(200);
    let place = json!({"at": "2026-12-15T10:30:00+01:00", "place": "Via Roma 1"});
    post(&sede, "appointments/confirm", place).await.done(200);
    let replied = post(&sede, "reply", json!({"text": "La pratica è accolta."}))
        .await
        .done(200);
    assert_eq!(offer(&replied, "replied")["allowed"], false);
    let told = post(&other, "messages", json!({"text": "Grazie. E la decorrenza?"}))
        .await
        .done(200);
    assert_eq!(offer(&told, "messaged")["allowed"], false);
    post(&sede, "close", json!({"reason": "Già risposto."}))
        .await
        .done(200);
    site.stop().await;
}

#[tokio::test]
async fn another_office_and_another_sede_find_nothing_to_act_on() {
    let site = Site::start().await;
    let path = site.submit(&operator()).await;
    let message = format!("{path}/messages");
    let answer = site.post(&of_pomezia(), &message, &json!({"text": "?"})).await;
    answer.problem(404, "request_unknown");
    let answer = site
        .post(&officer("230001"), &format!("{path}/take"), &json!({}))
        .await;
    answer.problem(403, "not_your_sede");
    let nothing = "/requests/0199c0de-0000-7000-8000-0000000000ff/messages";
    site.post(&operator(), nothing, &json!({"text": "?"}))
        .await
        .problem(404, "request_unknown");
    site.post(&operator(), "/requests/17/messages", &json!({"text": "?"}))
        .await
        .problem(404, "request_unknown");
    let cases: i64 = sqlx::query_scalar("select count(*) from case_event where kind = 'message_sent'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(cases, 0);
    site.stop().await;
}

//! What HTTP itself adds to commands: keys that make repeating safe, bodies that agree with tokens, and a status for
//! everything that can be wrong.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use usciere::config::Config;
use usciere::config::interval::Interval;

use crate::harness::{Answer, SEDE, Site, answered, submission, until_not};
use crate::people::{colleague, manager, of_pomezia, officer, operator, referent};

fn keyed(call: RequestBuilder, key: &str) -> RequestBuilder {
    call.header("idempotency-key", key)
}

async fn submit_as(site: &Site, key: &str, body: &Value) -> Answer {
    let call = site.call_as(&operator(), Method::POST, "/requests");
    answered(keyed(call, key).json(body)).await
}

/// The fields of both.
fn with(more: &Value) -> Value {
    let mut body = submission();
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

async fn requests(site: &Site) -> i64 {
    sqlx::query_scalar("select count(*) from cases")
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer_and_change_nothing() {
    let site = Site::start().await;
    let first = submit_as(&site, "k-1", &submission()).await;
    let again = submit_as(&site, "\"k-1\"", &submission()).await;
    assert_eq!(first.done(201), again.done(201));
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(again.header("idempotency-key"), "k-1");
    let other = submit_as(&site, "k-1", &with(&json!({"text": "Altro."}))).await;
    other.problem(422, "message_id_reused");

    let refused = submit_as(&site, "k-2", &with(&json!({"topic": "nessuno"}))).await;
    let again = submit_as(&site, "k-2", &with(&json!({"topic": "nessuno"}))).await;
    assert_eq!(
        refused.problem(422, "topic_unknown"),
        again.problem(422, "topic_unknown")
    );
    assert_eq!(requests(&site).await, 1);
    site.stop().await;
}

#[tokio::test]
async fn nobody_is_given_the_answer_to_a_colleagues_key() {
    let site = Site::start().await;
    submit_as(&site, "k-1", &submission()).await.done(201);
    for person in [colleague(), of_pomezia()] {
        let call = site.call_as(&person, Method::POST, "/requests");
        let answer = answered(keyed(call, "k-1").json(&submission())).await;
        answer.problem(422, "message_id_reused");
    }
    assert_eq!(requests(&site).await, 1);
    site.stop().await;
}

#[tokio::test]
async fn a_call_without_a_key_is_given_one() {
    let site = Site::start().await;
    let first = site.post(&operator(), "/requests", &submission()).await;
    let id = first.done(201)["request_id"].clone();
    let key = first.header("idempotency-key").to_owned();
    assert_eq!(
        submit_as(&site, &key, &submission()).await.done(201)["request_id"],
        id
    );
    let accepted = site.next("portal.inca").await;
    assert_eq!(accepted.causation_id(), key);
    site.stop().await;
}

#[tokio::test]
async fn the_same_id_by_the_other_door_is_not_worked_twice() {
    let site = Site::start().await;
    submit_as(&site, "m-1", &submission()).await.done(201);
    let mut body = with(&json!({
        "patronato": "inca", "office": "INCA-RM-001",
        "operator": {"id": "op1", "name": "Mario Rossi", "email": "op1@inca.example"},
    }));
    site.outsider
        .send("m-1", "portal.inca.request.submit", &body)
        .await;
    site.until_dead_lettered("message_id_reused").await;
    body["text"] = json!("Per AMQP.");
    site.outsider
        .send("m-2", "portal.inca.request.submit", &body)
        .await;
    let first = site.next("portal.inca").await;
    assert_eq!(
        (first.kind.as_str(), &*first.causation_id()),
        ("request.accepted", "m-1")
    );
    while site.next("portal.inca").await.causation_id() != "m-2" {}
    submit_as(&site, "m-2", &submission())
        .await
        .problem(422, "message_id_reused");
    assert_eq!(requests(&site).await, 2);
    site.stop().await;
}

#[tokio::test]
async fn a_body_that_speaks_for_another_is_forbidden() {
    let site = Site::start().await;
    for (more, pointer) in [
        (
            json!({"operator": {"id": "op2", "name": "Lucia Bruni"}}),
            "/operator/id",
        ),
        (json!({"patronato": "acli"}), "/patronato"),
        (json!({"office": "INCA-RM-002"}), "/office"),
        (json!({"role": "regional_referent"}), "/role"),
    ] {
        let answer = site.post(&operator(), "/requests", &with(&more)).await;
        let problem = answer.problem(403, "forbidden");
        assert_eq!(problem["fields"][0]["pointer"], pointer, "{problem}");
    }
    let path = site.submit(&operator()).await;
    let other = json!({"request_id": "0199c0de-0000-7000-8000-0000000000ff", "text": "?"});
    let answer = site.post(&operator(), &format!("{path}/messages"), &other).await;
    answer.problem(403, "forbidden");
    let officer_of_another = json!({"officer": {"id": "xx", "name": "Altri"}});
    let answer = site
        .post(&officer(SEDE), &format!("{path}/take"), &officer_of_another)
        .await;
    answer.problem(403, "forbidden");
    site.stop().await;
}

#[tokio::test]
async fn a_command_of_another_profile_is_forbidden() {
    let site = Site::start().await;
    let path = site.submit(&operator()).await;
    let reply = format!("{path}/reply");
    let text = json!({"text": "Fatto."});
    site.post(&operator(), &reply, &text)
        .await
        .problem(403, "forbidden");
    site.post(&manager(), &reply, &text)
        .await
        .problem(403, "forbidden");
    site.post(&officer(SEDE), "/requests", &submission())
        .await
        .problem(403, "forbidden");
    site.stop().await;
}

#[tokio::test]
async fn who_has_two_roles_chooses_one_with_every_request() {
    let site = Site::start().await;
    let as_operator = site.post(&referent(), "/requests", &submission()).await;
    as_operator.done(201);
    let question = json!({
        "role": "regional_referent", "reason": "regulatory_clarification",
        "topic": "pensioni-paesi-non-convenzionati", "text": "Qual è la norma?",
    });
    site.post(&referent(), "/requests", &question).await.done(201);
    let mut undecided = question.clone();
    undecided.as_object_mut().unwrap().remove("role");
    let answer = site.post(&referent(), "/requests", &undecided).await;
    assert_eq!(
        answer.problem(422, "invalid_body")["fields"][0]["pointer"],
        "/role"
    );
    site.stop().await;
}

#[tokio::test]
async fn what_the_token_says_may_be_null_in_the_body() {
    let site = Site::start().await;
    let mut body =
        with(&json!({"patronato": null, "office": null, "operator": null, "role": null, "region": null}));
    body["attachments"] = Value::Null;
    site.post(&operator(), "/requests", &body).await.done(201);
    let twice = r#"{"office": "INCA-RM-002", "office": null}"#;
    let call = site.call_as(&operator(), Method::POST, "/requests");
    let twice = answered(call.header("content-type", "application/json").body(twice)).await;
    twice.problem(422, "duplicate_key");
    site.stop().await;
}

#[tokio::test]
async fn each_fault_has_its_status() {
    let site = Site::configured(|config: &mut Config| config.amqp.max_body_bytes = 64 * 1024).await;
    let call = || site.call_as(&operator(), Method::POST, "/requests");
    let json = |body: &'static str| call().header("content-type", "application/json").body(body);
    answered(json("{")).await.problem(422, "invalid_json");
    answered(json("{\"a\":1,\"a\":2}"))
        .await
        .problem(422, "duplicate_key");
    answered(json("[]")).await.problem(422, "invalid_body");
    answered(call()).await.problem(422, "invalid_body");
    let answer = answered(json("{}").header("idempotency-key", "a b")).await;
    answer.problem(422, "invalid_body");
    let answer = answered(call().header("content-type", "text/plain").body("{}")).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (415, "application/problem+json")
    );
    let large = answered(call().json(&with(&json!({"text": "x".repeat(70_000)})))).await;
    assert_eq!(
        (large.status, large.header("content-type")),
        (413, "application/problem+json")
    );
    let long = site
        .post(
            &operator(),
            "/requests",
            &with(&json!({"text": "x".repeat(4_001)})),
        )
        .await;
    long.problem(422, "text_too_long");
    let nowhere = answered(site.call_as(&operator(), Method::GET, "/nowhere")).await;
    assert_eq!(
        (nowhere.status, nowhere.header("content-type")),
        (404, "application/problem+json")
    );
    let method = answered(site.call_as(&operator(), Method::DELETE, "/me")).await;
    assert_eq!(
        (method.status, method.header("content-type")),
        (405, "application/problem+json")
    );
    assert_eq!(requests(&site).await, 0);
    site.stop().await;
}

#[tokio::test]
async fn what_takes_too_long_is_said_to_and_may_be_sent_again() {
    let site = Site::configured(|config: &mut Config| {
        config.http.patience = Interval::from_millis(300);
    })
    .await;
    let mut blocker = site.pool.begin().await.unwrap();
    sqlx::query("lock table inbox in access exclusive mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let answer = submit_as(&site, "k-1", &submission()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
    assert_eq!(answer.header("idempotency-key"), "k-1");
    blocker.rollback().await.unwrap();
    let answer = until_not(503, async || submit_as(&site, "k-1", &submission()).await).await;
    answer.done(201);
    assert_eq!(requests(&site).await, 1);
    site.stop().await;
}

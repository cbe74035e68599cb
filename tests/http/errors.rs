//! Whatever goes wrong over HTTP is told as problem details (RFC 9457) with a code: also what the HTTP library refuses
//! by itself, and what a node refuses that is stopping.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Site, answered, submission, until};
use crate::people::operator;

/// More than the node of these tests reads.
fn too_long() -> String {
    format!("{{\"text\": \"{}\"}}", "x".repeat(LARGEST + 1))
}

const LARGEST: usize = 64 * 1024;
const JSON: &str = "application/json";

#[tokio::test]
async fn every_error_is_problem_details() {
    let site = Site::configured(|config| config.amqp.max_body_bytes = LARGEST).await;
    let (nothing, long) = (String::new(), too_long());
    let broken = "{\"text\": ".to_owned();
    for (method, path, kind, body, status, code) in [
        (Method::GET, "/nowhere", JSON, &nothing, 404, "not_found"),
        (Method::GET, "/api/v1/nowhere", JSON, &nothing, 404, "not_found"),
        (
            Method::GET,
            "/api/v1/requests/1",
            JSON,
            &nothing,
            404,
            "request_unknown",
        ),
        (
            Method::DELETE,
            "/api/v1/requests",
            JSON,
            &nothing,
            405,
            "method_not_allowed",
        ),
        (Method::PUT, "/healthz", JSON, &nothing, 405, "method_not_allowed"),
        (Method::POST, "/docs", JSON, &nothing, 405, "method_not_allowed"),
        (
            Method::POST,
            "/dev/mails",
            JSON,
            &nothing,
            405,
            "method_not_allowed",
        ),
        (Method::GET, "/api/v1/queues", JSON, &nothing, 403, "forbidden"),
        (
            Method::POST,
            "/api/v1/requests",
            "text/plain",
            &broken,
            415,
            "wrong_content_type",
        ),
        (
            Method::POST,
            "/api/v1/citizens/search",
            "text/plain",
            &broken,
            415,
            "wrong_content_type",
        ),
        (
            Method::POST,
            "/api/v1/requests",
            JSON,
            &broken,
            400,
            "invalid_json",
        ),
        (
            Method::POST,
            "/api/v1/requests/search",
            JSON,
            &broken,
            400,
            "invalid_json",
        ),
        (
            Method::POST,
            "/api/v1/attachments",
            JSON,
            &broken,
            400,
            "invalid_body",
        ),
        (
            Method::POST,
            "/api/v1/attachments",
            "multipart/form-data",
            &broken,
            400,
            "invalid_body",
        ),
        (Method::POST, "/api/v1/requests", JSON, &long, 413, "too_large"),
        (
            Method::POST,
            "/api/v1/requests/search",
            JSON,
            &long,
            413,
            "too_large",
        ),
        (Method::PUT, "/dev/clock", JSON, &long, 413, "too_large"),
        (
            Method::GET,
            "/api/v1/requests?limit=x",
            JSON,
            &nothing,
            400,
            "invalid_query",
        ),
    ] {
        let call = site
            .raw(method.clone(), path)
            .bearer_auth(site.token(&operator()));
        let answer = answered(call.header("content-type", kind).body(body.clone())).await;
        println!("{method} {path} ({kind})");
        answer.problem(status, code);
        assert_eq!(status == 405, !answer.header("allow").is_empty());
    }
    let answer = answered(site.raw(Method::GET, "/api/v1/requests")).await;
    answer.problem(401, "unauthorized");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    site.stop().await;
}

#[tokio::test]
async fn a_wrong_parameter_is_named_with_the_reason() {
    let site = Site::start().await;
    for (address, parameter) in [
        ("/requests?limit=x", "limit"),
        ("/requests?limit=1&limit=2", "limit"),
        ("/requests?colour=red", "colour"),
        ("/requests?overdue=maybe", "overdue"),
        ("/requests?cursor=mine", "cursor"),
        ("/requests?from=yesterday", "from"),
        ("/requests?from=2026-02-01&to=2026-01-01", "to"),
        ("/replies?days=few", "days"),
        ("/statistics?scope=world", "scope"),
        ("/sedi?region=atlantis", "region"),
    ] {
        let problem = site.get(&operator(), address).await.problem(400, "invalid_query");
        let field = &problem["fields"][0];
        assert_eq!(field["pointer"], parameter, "{address}: {problem}");
        assert!(
            field["message"].as_str().is_some_and(|why| !why.is_empty()),
            "{problem}"
        );
    }
    let dates = json!({"from": "2026-02-01", "to": "2026-01-01"});
    let problem = site.post(&operator(), "/requests/search", &dates).await;
    assert_eq!(
        problem.problem(400, "invalid_body")["fields"][0]["pointer"],
        "/to"
    );
    site.stop().await;
}

#[tokio::test]
async fn a_node_that_stops_finishes_what_it_began_and_sends_the_rest_elsewhere() {
    let site = Site::start().await;
    let mut in_the_way = site.pool.begin().await.unwrap();
    sqlx::query("lock table cases")
        .execute(&mut *in_the_way)
        .await
        .unwrap();
    let call = site
        .call_as(&operator(), Method::POST, "/requests")
        .json(&submission());
    let begun = tokio::spawn(answered(call));
    until("a command that waits", async || {
        let waits = "select exists(select from pg_locks where relation = 'cases'::regclass and not granted)";
        let waits: bool = sqlx::query_scalar(waits).fetch_one(&site.pool).await.unwrap();
        waits.then_some(())
    })
    .await;
    site.ask_to_stop();

    let ready = answered(site.raw(Method::GET, "/readyz")).await;
    let problem = ready.problem(503, "unavailable");
    assert_eq!(problem["detail"], "the node is stopping");
    assert_eq!(problem["ready"], false);
    let refused = site.post(&operator(), "/requests", &submission()).await;
    refused.problem(503, "unavailable");
    for answer in [ready, refused] {
        assert_eq!(answer.header("retry-after"), "2");
    }
    assert_eq!(answered(site.raw(Method::GET, "/healthz")).await.status, 200);

    in_the_way.rollback().await.unwrap();
    begun.await.unwrap().done(201);
    site.stop().await;
}

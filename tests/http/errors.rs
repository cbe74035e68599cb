//! Whatever goes wrong over HTTP is told as problem details (RFC 9457) with a code: also what the HTTP library refuses
//! by itself, and what a node refuses that is stopping.

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Site, answered, submission, until};
use crate::people::operator;

/// More than this the node of these tests does not read.
const LARGEST: usize = 64 * 1024;

/// A call, the type and the manner of its body, and what is answered.
const ERRORS: [&str; 18] = [
    "GET /nowhere application/json none 404 not_found",
    "GET /api/v1/nowhere application/json none 404 not_found",
    "GET /api/v1/requests/1 application/json none 404 request_unknown",
    "DELETE /api/v1/requests application/json none 405 method_not_allowed",
    "PUT /healthz application/json none 405 method_not_allowed",
    "POST /docs application/json none 405 method_not_allowed",
    "POST /dev/mails application/json none 405 method_not_allowed",
    "GET /api/v1/queues application/json none 403 forbidden",
    "GET /api/v1/requests?limit=x application/json none 422 invalid_query",
    "POST /api/v1/requests text/plain broken 415 wrong_content_type",
    "POST /api/v1/citizens/search text/plain broken 415 wrong_content_type",
    "POST /api/v1/requests application/json broken 422 invalid_json",
    "POST /api/v1/requests/search application/json broken 422 invalid_json",
    "POST /api/v1/attachments application/json broken 422 invalid_body",
    "POST /api/v1/attachments multipart/form-data broken 422 invalid_body",
    "POST /api/v1/requests application/json long 413 too_large",
    "POST /api/v1/requests/search application/json long 413 too_large",
    "PUT /dev/clock application/json long 413 too_large",
];

#[tokio::test]
async fn every_error_is_problem_details() {
    let site = Site::configured(|config| config.amqp.max_body_bytes = LARGEST).await;
    for row in ERRORS {
        let [method, path, kind, manner, status, code] =
            row.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let body = match manner {
            "broken" => "{\"text\": ".to_owned(),
            "long" => format!("{{\"text\": \"{}\"}}", "x".repeat(LARGEST)),
            _ => String::new(),
        };
        let call = site.raw(method.parse().unwrap(), path);
        let call = call.bearer_auth(site.token(&operator()));
        let answer = answered(call.header("content-type", kind).body(body)).await;
        println!("{row}");
        answer.problem(status.parse().unwrap(), code);
        assert_eq!(status == "405", !answer.header("allow").is_empty());
    }
    for path in ["/requests", "/requests/search"] {
        let call = site.call_as(&operator(), Method::POST, path);
        let packed = call.header("content-encoding", "gzip").json(&json!({}));
        answered(packed).await.problem(415, "wrong_content_encoding");
    }
    let answer = answered(site.raw(Method::GET, "/api/v1/requests")).await;
    answer.problem(401, "unauthorized");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    site.stop().await;
}

/// What is answered to a head alone: no byte of the body follows.
async fn answer_to_head(site: &Site, path: &str, length: u64) -> String {
    let mut stream = TcpStream::connect(site.node.http).await.unwrap();
    let token = site.token(&operator());
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Sec-Fetch-Site: same-origin\r\nContent-Disposition: attachment; filename=x.pdf\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn what_says_it_is_too_long_is_refused_before_it_comes() {
    let site = Site::start().await;
    for (path, length, code) in [
        ("/api/v1/requests", 100_000_000, "too_large"),
        ("/api/v1/requests/search", 100_000_000, "too_large"),
        ("/api/v1/attachments", 100_000_000, "too_large"),
        ("/api/v1/attachments", 7_000_000, "attachment_too_large"),
        ("/dev/clock", 100_000, "too_large"),
        ("/accesso", 100_000_000, "too_large"),
    ] {
        let answer = answer_to_head(&site, path, length).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
        assert!(
            answer.contains(&format!("\"code\":\"{code}\"")),
            "{path}: {answer}"
        );
    }
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
        let problem = site.get(&operator(), address).await.problem(422, "invalid_query");
        let field = &problem["fields"][0];
        assert_eq!(field["pointer"], parameter, "{address}: {problem}");
        assert!(
            field["message"].as_str().is_some_and(|why| !why.is_empty()),
            "{problem}"
        );
    }
    let call = site.call_as(&operator(), Method::GET, "/events");
    let problem = answered(call.header("last-event-id", "yesterday"))
        .await
        .problem(422, "invalid_query");
    assert_eq!(problem["fields"][0]["pointer"], "Last-Event-ID");
    let dates = json!({"from": "2026-02-01", "to": "2026-01-01"});
    let problem = site.post(&operator(), "/requests/search", &dates).await;
    assert_eq!(
        problem.problem(422, "invalid_body")["fields"][0]["pointer"],
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

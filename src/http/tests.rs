//! The endpoints over a real socket, with a client that is not ours.

use std::sync::Mutex;

use tokio::net::TcpListener;

use super::*;
use crate::clock::Clock;
use crate::lifecycle::readiness::{Part, Reason, Status};
use chrono::TimeDelta;

struct Node {
    address: SocketAddr,
    readiness: Readiness,
    clock: Clock,
    kept: std::sync::Arc<Mutex<Vec<TimeDelta>>>,
    mails: tempfile::TempDir,
    stop: CancellationToken,
}

struct Answer {
    status: u16,
    content_type: String,
    headers: axum::http::HeaderMap,
    json: serde_json::Value,
    text: String,
}

impl Node {
    async fn start(profile: Profile) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let readiness = Readiness::expecting([Part::Database, Part::BrokerPublishing]);
        let (clock, stop) = (Clock::system(), CancellationToken::new());
        let kept = std::sync::Arc::new(Mutex::new(Vec::new()));
        let mails = tempfile::tempdir().unwrap();
        let keep = kept.clone();
        let hooks = DevHooks {
            clock: clock.clone(),
            keep_offset: std::sync::Arc::new(move |offset| {
                keep.lock().unwrap().push(offset);
                Box::pin(async { Ok(()) })
            }),
            mail_dir: Some(mails.path().to_owned()),
        };
        let state = HttpState {
            readiness: readiness.clone(),
            exporter: Exporter::detached(),
            stop: stop.clone(),
        };
        let late = Late::until(stop.clone());
        late.open(nothing());
        let router = router(state, profile, address, Some(hooks), late);
        tokio::spawn(serve(listener, router, stop.clone()));
        Self {
            address,
            readiness,
            clock,
            kept,
            mails,
            stop,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    async fn put(&self, path: &str, content_type: &'static str, body: &'static str) -> Answer {
        self.ask("PUT", path, Some((content_type, body))).await
    }

    async fn ask(
        &self,
        method: &'static str,
        path: &str,
        body: Option<(&'static str, &'static str)>,
    ) -> Answer {
        let url = format!("http://{}{path}", self.address);
        tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .build()
                .into();
            let request = axum::http::Request::builder().method(method).uri(url);
            let mut response = match body {
                Some((content_type, body)) => {
                    agent.run(request.header("content-type", content_type).body(body).unwrap())
                }
                None => agent.run(request.body(()).unwrap()),
            }
            .unwrap();
            let text = response.body_mut().read_to_string().unwrap();
            Answer {
                status: response.status().as_u16(),
                content_type: response.headers()["content-type"].to_str().unwrap().to_owned(),
                headers: response.headers().clone(),
                json: serde_json::from_str(&text).unwrap_or_default(),
                text,
            }
        })
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn health_tells_alive_from_ready() {
    let node = Node::start(Profile::Prod).await;
    assert_eq!(node.get("/healthz").await.status, 200);

    let starting = node.get("/readyz").await;
    assert_eq!(starting.status, 503);
    assert_eq!(starting.json["parts"]["database"]["reason"], "starting");

    node.readiness.set(Part::Database, Status::Up);
    node.readiness
        .set(Part::BrokerPublishing, Status::degraded(Reason::BrokerBlocked));
    let blocked = node.get("/readyz").await;
    assert_eq!(
        (blocked.status, &blocked.json["status"]),
        (200, &"degraded".into())
    );
    assert_eq!(
        blocked.json["parts"]["broker_publishing"]["reason"],
        "broker_blocked"
    );
}

#[tokio::test]
async fn metrics_are_in_the_text_format_and_nothing_is_cached_or_framed() {
    let node = Node::start(Profile::Prod).await;
    let answer = node.get("/metrics").await;
    assert_eq!(
        (answer.status, answer.content_type.as_str()),
        (200, "text/plain; version=0.0.4; charset=utf-8")
    );
    for (name, value) in SECURITY_HEADERS {
        assert_eq!(answer.headers[&name], value);
    }
}

#[tokio::test]
async fn the_clock_moves_for_this_node_and_is_kept_for_the_others() {
    let node = Node::start(Profile::Dev).await;
    let moved = node
        .put("/dev/clock", "application/json", r#"{"offset": "P16D"}"#)
        .await;
    assert_eq!((moved.status, &moved.json["offset"]), (200, &"P16D".into()));
    assert_eq!(node.clock.offset(), TimeDelta::days(16));
    assert_eq!(*node.kept.lock().unwrap(), [TimeDelta::days(16)]);
    assert_eq!(node.get("/dev/clock").await.json["offset"], "P16D");
}

#[tokio::test]
async fn wrong_bodies_are_problems_with_a_pointer() {
    let node = Node::start(Profile::Dev).await;
    for (content_type, body, status, pointer) in [
        (
            "application/json",
            r#"{"offset": "16 days"}"#,
            422,
            Some("/offset"),
        ),
        ("application/json", r#"{"offset": "#, 422, None),
        ("text/plain", r#"{"offset": "P1D"}"#, 415, None),
    ] {
        let answer = node.put("/dev/clock", content_type, body).await;
        assert_eq!(
            (answer.status, answer.content_type.as_str()),
            (status, "application/problem+json"),
            "{body}"
        );
        assert_eq!(answer.json["status"], status);
        assert_eq!(answer.json["fields"][0]["pointer"].as_str(), pointer);
    }
    assert_eq!(node.clock.offset(), TimeDelta::zero());
}

#[tokio::test]
async fn caught_mails_are_listed() {
    let node = Node::start(Profile::Test).await;
    assert_eq!(node.get("/dev/mails").await.text, "[]");
    std::fs::write(
        node.mails.path().join("1.eml"),
        "To: op1@inca.example\nSubject: ciao\n\nTesto\n",
    )
    .unwrap();
    let listed = node.get("/dev/mails").await;
    assert_eq!(listed.json[0]["to"][0], "op1@inca.example");
    assert_eq!(listed.json[0]["text"], "Testo");
}

#[tokio::test]
async fn production_has_no_development_endpoints() {
    let node = Node::start(Profile::Prod).await;
    for path in ["/dev/clock", "/dev/mails", "/nowhere"] {
        let answer = node.get(path).await;
        assert_eq!(
            (answer.status, answer.content_type.as_str()),
            (404, "application/problem+json"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn development_endpoints_need_a_loopback_listener() {
    let state = HttpState {
        readiness: Readiness::default(),
        exporter: Exporter::detached(),
        stop: CancellationToken::new(),
    };
    let hooks = DevHooks {
        clock: Clock::system(),
        keep_offset: std::sync::Arc::new(|_| Box::pin(async { Ok(()) })),
        mail_dir: None,
    };
    // The router is told it listens on every address; the test reaches it through loopback.
    let late = Late::until(CancellationToken::new());
    late.open(nothing());
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 8080));
    let router = router(state, Profile::Dev, everywhere, Some(hooks), late);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut node = Node::start(Profile::Prod).await;
    node.address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, node.stop.clone()));
    assert_eq!(node.get("/dev/clock").await.status, 404);
}

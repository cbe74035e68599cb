//! One test's site: a node, a client that is not the engine's, tokens, and the messages the node sends.

use std::process::Command;
use std::time::Duration;

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::time::Instant;
use usciere::clock::Clock;
use usciere::config::Config;
use usciere::config::iso_duration::IsoDuration;
use usciere::domain::person::Person;
use usciere::identity::development::DevelopmentKey;
use usciere::lifecycle::{GRACE, Shutdown};
use usciere::node::Node;

use crate::node::{self, PATIENCE};
use crate::outsider::{Outsider, Received};

/// Between two looks at one thing: a person's calls per second stay below what `http.rate_limit` allows.
const LOOK: Duration = Duration::from_millis(25);
const VALID: Duration = Duration::from_hours(1);

/// Where the example registers route [`submission`].
pub(crate) const SEDE: &str = "701300";

/// A node and whatever speaks to it.
pub(crate) struct Site {
    /// The engine's now; tokens go by the machine's.
    pub(crate) clock: Clock,
    pub(crate) node: Node,
    /// For what only tests look at.
    pub(crate) pool: PgPool,
    client: Client,
    key: DevelopmentKey,
    shutdown: Shutdown,
    /// Another client of its broker.
    pub(crate) outsider: Outsider,
    config: Config,
    _folder: TempDir,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    /// The whole answer, headers as well, to search for what must not be in it.
    pub(crate) fn text(&self) -> String {
        format!("{:?}{}", self.headers, String::from_utf8_lossy(&self.bytes))
    }

    /// A header, empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    /// The body of one that must have succeeded with this status.
    #[track_caller]
    pub(crate) fn done(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    /// Problem details with this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let body = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.header("content-type"), "application/problem+json", "{body}");
        let problem = self.json();
        assert_eq!((self.status, &problem["code"]), (status, &json!(code)), "{body}");
        assert_eq!(problem["status"], status);
        problem
    }
}

impl Site {
    /// A node with every role and the example registers; its clock stands at 23 November 2026.
    pub(crate) async fn start() -> Self {
        Self::configured(|_| {}).await
    }

    /// As [`Site::start`], with other settings.
    pub(crate) async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = node::configuration(folder.path()).await;
        change(&mut config);
        let clock = node::clock();
        let (node, shutdown) = node::start(&config, &clock).await;
        // Another test of this process may have done it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            clock,
            key: DevelopmentKey::of(&node.store).await.unwrap(),
            pool: node::pool(&config).await,
            client: Client::builder().no_proxy().build().unwrap(),
            node,
            shutdown,
            outsider: Outsider::connect(&config.amqp.url.0).await,
            config,
            _folder: folder,
        }
    }

    pub(crate) fn token(&self, person: &Person) -> String {
        self.key.issue(person, VALID).unwrap().token
    }

    /// A call below `/api/v1`, to be completed and given to [`answered`].
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}/api/v1{path}", self.node.http))
    }

    /// A call by somebody.
    pub(crate) fn call_as(&self, person: &Person, method: Method, path: &str) -> RequestBuilder {
        self.call(method, path).bearer_auth(self.token(person))
    }

    pub(crate) async fn get(&self, person: &Person, path: &str) -> Answer {
        answered(self.call_as(person, Method::GET, path)).await
    }

    pub(crate) async fn post(&self, person: &Person, path: &str, body: &Value) -> Answer {
        answered(self.call_as(person, Method::POST, path).json(body)).await
    }

    /// Submits a request that is right as `person` and answers its path, `/requests/<id>`.
    pub(crate) async fn submit(&self, person: &Person) -> String {
        let answer = self.post(person, "/requests", &submission()).await;
        answer.done(201);
        let location = answer.header(LOCATION.as_str());
        location.strip_prefix("/api/v1").unwrap().to_owned()
    }

    /// A call of anything this node answers.
    pub(crate) fn raw(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.node.http))
    }

    /// Moves the engine's now to this many days from the start.
    pub(crate) fn days_later(&self, days: i64) {
        self.clock.set_offset(chrono::TimeDelta::days(days));
    }

    /// The next message of a queue.
    pub(crate) async fn next(&self, queue: &str) -> Received {
        let look = async || self.outsider.get(queue).await;
        until(&format!("a message in {queue}"), look).await
    }

    /// What `usciere` prints, run by an administrator whose clock stands where the node's does.
    pub(crate) fn usciere(&self, arguments: &[&str]) -> Vec<u8> {
        let offset = IsoDuration::from(self.clock.now() - Clock::system().now());
        let output = Command::new(env!("CARGO_BIN_EXE_usciere"))
            .args(arguments)
            .args(["--profile", "test", "--set", &format!("clock.offset={offset}")])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .env("DATABASE_URL", self.config.database.url.expose())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    /// Waits until a message was kept aside for a reason.
    pub(crate) async fn until_dead_lettered(&self, reason: &str) {
        let count = "select count(*) from dead_letter where reason = $1";
        until(&format!("a dead letter {reason}"), async || {
            let count: i64 = sqlx::query_scalar(count)
                .bind(reason)
                .fetch_one(&self.pool)
                .await
                .unwrap();
            (count > 0).then_some(())
        })
        .await;
    }

    pub(crate) async fn stop(self) {
        self.shutdown.ask();
        self.shutdown.finished(GRACE).await;
    }
}

/// Looks until there is something to see.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "still waiting for {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Calls until the answer has another status.
pub(crate) async fn until_not(status: u16, call: impl AsyncFn() -> Answer) -> Answer {
    until(&format!("another status than {status}"), async || {
        let answer = call().await;
        (answer.status != status).then_some(answer)
    })
    .await
}

/// Sends a call and reads the whole answer.
pub(crate) async fn answered(call: RequestBuilder) -> Answer {
    let response: Response = call.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        bytes: response.bytes().await.unwrap().into(),
    }
}

/// A submission that is right by the example registers; who sends it stands in the token.
pub(crate) fn submission() -> Value {
    json!({
        "role": "operator",
        "citizen": {"codice_fiscale": "BNCMRA50A01H501U"},
        "delegation": true,
        "reason": "status_or_rejection",
        "practice": {"kind": "pension", "number": "030010110000000"},
        "topic": "pensioni-paesi-non-convenzionati",
        "text": "Vorrei conoscere lo stato della pratica.",
    })
}

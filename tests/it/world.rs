//! One test's world: a node with its own database, virtual host and clock, and a client that is not the engine's.

use std::time::Duration;

use chrono::TimeDelta;
use lapin::BasicProperties;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::time::Instant;
use usciere::clock::Clock;
use usciere::config::Config;
use usciere::lifecycle::{GRACE, Shutdown};
use usciere::node::Node;
use uuid::Uuid;

use crate::node::{self, PATIENCE};
use crate::outsider::{Outsider, Received};

const LOOK: Duration = Duration::from_millis(10);

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    pub(crate) pool: PgPool,
    nodes: Vec<(Node, Shutdown)>,
    outsider: Outsider,
    _folder: tempfile::TempDir,
}

impl World {
    /// A node with every role but the web pages, the example registers imported, standing at 23 November 2026.
    pub(crate) async fn start() -> Self {
        let mut world = Self::empty().await;
        world.add_node().await;
        world
    }

    /// Everything but a node.
    pub(crate) async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = node::configuration(folder.path()).await;
        Self {
            clock: node::clock(),
            pool: node::pool(&config).await,
            outsider: Outsider::connect(&config.amqp.url.0).await,
            config,
            nodes: Vec::new(),
            _folder: folder,
        }
    }

    pub(crate) async fn add_node(&mut self) {
        self.add_node_during(std::future::ready(())).await;
    }

    /// Something else goes on meanwhile.
    pub(crate) async fn add_node_during(&mut self, meanwhile: impl Future<Output = ()>) {
        let mut config = self.config.clone();
        config.node.name = format!("test-{}", self.nodes.len()).parse().unwrap();
        let (node, ()) = tokio::join!(node::start(&config, &self.clock), meanwhile);
        self.nodes.push(node);
    }

    pub(crate) fn node(&self) -> &Node {
        &self.nodes[0].0
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().map(|(node, _)| node)
    }

    /// Stops every node in good order.
    pub(crate) async fn stop(&mut self) {
        for (_, shutdown) in self.nodes.drain(..) {
            shutdown.ask();
            shutdown.finished(GRACE).await;
        }
    }

    /// Moves the engine's now to this many days from the start.
    pub(crate) fn days_later(&self, days: i64) {
        self.clock.set_offset(TimeDelta::days(days));
    }

    /// Publishes a command with a new message id and answers that.
    pub(crate) async fn send(&self, key: &str, body: &Value) -> String {
        let id = self.clock.new_id().to_string();
        self.send_as(&id, key, body).await;
        id
    }

    pub(crate) async fn send_as(&self, message_id: &str, key: &str, body: &Value) {
        self.outsider.send(message_id, key, body).await;
    }

    pub(crate) async fn publish(&self, key: &str, body: &[u8], properties: BasicProperties) {
        self.outsider.publish(key, body, properties).await;
    }

    pub(crate) async fn publish_all(
        &self,
        messages: impl IntoIterator<Item = (String, Vec<u8>, BasicProperties)>,
    ) {
        self.outsider.publish_all(messages).await;
    }

    /// Submits a request that is right and answers its id.
    pub(crate) async fn submit(&self) -> Uuid {
        let body = request();
        self.send("portal.inca.request.submit", &body).await;
        let accepted = self.next("portal.inca").await;
        assert_eq!(accepted.kind, "request.accepted", "{:?}", accepted.body);
        accepted.text("request_id").parse().unwrap()
    }

    /// The next message of a queue.
    pub(crate) async fn next(&self, queue: &str) -> Received {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(message) = self.outsider.get(queue).await {
                return message;
            }
            assert!(Instant::now() < deadline, "nothing came to {queue}");
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(crate) async fn depth(&self, queue: &str) -> u32 {
        self.outsider.depth(queue).await
    }

    /// Waits until everything published is handled and everything queued is sent.
    pub(crate) async fn settle(&self) {
        self.until("the intake is empty", async || {
            self.depth("usciere.intake").await == 0
        })
        .await;
        // What was delivered before a marker came to the door before it. Nodes take turns at markers.
        for marker in 0..self.nodes.len() * 4 {
            let officer = json!({ "id": "x", "name": "x" });
            let body = json!({ "request_id": Uuid::from_u128(marker as u128), "officer": officer });
            let id = self.send("sede.lineainps.request.take", &body).await;
            self.until("a marker is handled", async || {
                self.count(&format!("select count(*) from inbox where message_id = '{id}'"))
                    .await
                    == 1
            })
            .await;
        }
        self.until("everything that came to a door is finished", async || {
            self.nodes().all(|node| node.door.unfinished() == 0)
        })
        .await;
        self.until("the outbox is empty", async || {
            self.count("select count(*) from outbox").await == 0
        })
        .await;
    }

    pub(crate) async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition().await {
            assert!(Instant::now() < deadline, "{what}: waited too long");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until a count has grown to `all`. Patience is for standing still, not for being slow.
    pub(crate) async fn until_grown(&self, what: &str, count: &str, all: i64) {
        let mut seen = -1;
        while seen < all {
            let before = seen;
            self.until(what, async || self.count(count).await > before).await;
            seen = self.count(count).await;
        }
    }

    pub(crate) async fn count(&self, query: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    pub(crate) async fn text(&self, query: &str) -> String {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    pub(crate) async fn execute(&self, statements: &str) {
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// The refusal a command gets.
    pub(crate) async fn refused(&self, key: &str, body: &Value) -> Received {
        let queue = key.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
        let id = self.send(key, body).await;
        let answer = self.next(&queue).await;
        assert_eq!(answer.kind, "command.refused", "{:?}", answer.body);
        assert_eq!(answer.causation_id(), id);
        assert_eq!(answer.text("message_id"), id);
        answer
    }
}

/// A submission that is right by the example registers.
pub(crate) fn request() -> Value {
    json!({
        "request_id": Clock::system().new_id(),
        "role": "operator",
        "patronato": "inca",
        "office": "INCA-RM-001",
        "operator": {"id": "op1", "name": "Mario Rossi", "email": "op1@inca.example"},
        "citizen": {"codice_fiscale": "BNCMRA50A01H501U"},
        "delegation": true,
        "reason": "status_or_rejection",
        "practice": {"kind": "pension", "number": "030010110000000"},
        "topic": "pensioni-paesi-non-convenzionati",
        "text": "Vorrei conoscere lo stato della pratica.",
    })
}

/// Where the example registers route [`request`].
pub(crate) const SEDE: &str = "701300";

pub(crate) fn by_operator(id: Uuid) -> Value {
    json!({ "request_id": id, "operator": {"id": "op1", "name": "Mario Rossi"} })
}

pub(crate) fn by_officer(id: Uuid) -> Value {
    json!({ "request_id": id, "officer": {"id": "av1", "name": "Anna Verdi"} })
}

/// The fields of both.
#[expect(clippy::needless_pass_by_value, reason = "reads better at every call")]
pub(crate) fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

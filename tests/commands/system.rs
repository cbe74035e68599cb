//! An engine with its database and the example registers, and the program that looks at them.

use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use tempfile::TempDir;
use usciere::amqp::envelope::{RawDelivery, decode};
use usciere::amqp::{DecodeRules, Properties};
use usciere::clock::Clock;
use usciere::config::Config;
use usciere::engine::{Engine, Handled, Item};
use usciere::node;

use crate::database::TestDatabase;

/// How a command ended, and what it printed.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) talk: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.talk.matches("error").count(), 0, "{}", self.talk);
        serde_json::from_slice(&self.out).unwrap()
    }

    /// One column of a list.
    pub(crate) fn all(&self, field: &str) -> Vec<Value> {
        let lines = self.json();
        lines
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line[field].clone())
            .collect()
    }
}

pub(crate) struct System {
    pub(crate) database: TestDatabase,
    pub(crate) clock: Clock,
    engine: Engine,
    rules: DecodeRules,
    url: String,
    folder: TempDir,
}

impl System {
    pub(crate) async fn start() -> Self {
        let database = TestDatabase::create().await;
        usciere::dev::examples::load(&database.store).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.workflows.dir = format!("{}/workflows", env!("CARGO_MANIFEST_DIR")).into();
        config.attachments.url = attachments(&folder).parse().unwrap();
        let clock = Clock::system();
        let engine = node::engine_only(&config, &database.store, clock.clone())
            .await
            .unwrap();
        Self {
            rules: DecodeRules::from(&config.amqp),
            url: database.pool.connect_options().to_url_lossy().to_string(),
            database,
            clock,
            engine,
            folder,
        }
    }

    /// Works a command as if it came from the broker.
    pub(crate) async fn handle(&self, routing_key: &str, id: &str, body: &Value) -> Handled {
        let properties = Properties {
            message_id: Some(id.to_owned()),
            kind: Some(routing_key.splitn(3, '.').nth(2).unwrap().to_owned()),
            content_type: Some("application/json".to_owned()),
            ..Properties::default()
        };
        let body = body.to_string();
        let delivery = RawDelivery {
            routing_key,
            properties: &properties,
            body: body.as_bytes(),
        };
        let envelope = decode(&delivery, &self.rules).unwrap();
        self.work(Item::Command {
            envelope: Arc::new(envelope),
            original: None,
        })
        .await
    }

    pub(crate) async fn work(&self, item: Item) -> Handled {
        self.engine.handle(&[item]).await.unwrap().pop().unwrap()
    }

    /// Runs `usciere` with JSON for an answer.
    pub(crate) fn usciere(&self, arguments: &[&str]) -> Ended {
        self.run("json", arguments)
    }

    /// Runs `usciere` with an answer in this format.
    pub(crate) fn run(&self, format: &str, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usciere"));
        let output = command
            .args(arguments)
            .args(["-o", format, "--profile", "test", "--set"])
            .arg(format!("attachments.url={}", attachments(&self.folder)))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .env("DATABASE_URL", &self.url)
            .output()
            .unwrap();
        Ended {
            code: output.status.code().unwrap(),
            out: output.stdout,
            talk: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The example request of the README.
pub(crate) fn request() -> Value {
    json!({
        "role": "operator", "patronato": "inca", "office": "INCA-RM-001",
        "operator": {"id": "op1", "name": "Mario Rossi", "email": "op1@inca.example"},
        "citizen": {"codice_fiscale": "BNCMRA50A01H501U"}, "delegation": true,
        "reason": "status_or_rejection",
        "practice": {"kind": "pension", "number": "030010110000000"},
        "topic": "pensioni-paesi-non-convenzionati",
        "text": "Vorrei conoscere lo stato della pratica."
    })
}

/// The example request under an id of its own.
pub(crate) fn request_with_id(id: &str) -> Value {
    let mut body = request();
    body["request_id"] = json!(id);
    body
}

/// What a later command of its operator carries.
pub(crate) fn by_operator(id: &str) -> Value {
    json!({ "request_id": id, "operator": { "id": "op1", "name": "Mario Rossi" } })
}

fn attachments(folder: &TempDir) -> String {
    format!("file:{}", folder.path().display())
}

//! Order: whatever nodes work and die, a sede receives each request's messages in order, numbered without a gap.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use serde_json::json;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::long::amount;
use crate::node::PATIENCE;
use crate::outsider::Received;
use crate::program::Program;
use crate::world::{SEDE, World, by_operator, request, with};

/// How many write into one request at the same time.
const PUBLISHERS: [&str; 2] = ["anna", "bruno"];

/// Who waits for the answer to which message.
type Awaited = Arc<Mutex<HashMap<String, oneshot::Sender<()>>>>;

/// Takes what comes to the portal and wakes whoever waits for it; a repetition wakes nobody.
async fn answers(url: &str, awaited: Awaited) {
    let connection = Connection::connect(url, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    let options = BasicConsumeOptions::default();
    let mut consumer = channel
        .basic_consume(
            "portal.inca".into(),
            "answers".into(),
            options,
            FieldTable::default(),
        )
        .await
        .unwrap();
    tokio::spawn(async move {
        let _connection = connection;
        while let Some(Ok(delivery)) = consumer.next().await {
            delivery.ack(BasicAckOptions::default()).await.unwrap();
            let headers = delivery.properties.headers().as_ref();
            let cause = headers.and_then(|headers| headers.inner().get("causation-id"));
            let cause = cause
                .and_then(|cause| cause.as_long_string())
                .map(ToString::to_string);
            let waiting = cause.and_then(|cause| awaited.lock().unwrap().remove(&cause));
            if let Some(waiting) = waiting {
                let _ = waiting.send(());
            }
        }
    });
}

/// One who sends a message, waits for the answer and sends the next.
struct Publisher {
    world: Arc<World>,
    awaited: Awaited,
    request: Uuid,
    name: &'static str,
}

impl Publisher {
    async fn speak(self, messages: usize) {
        for number in 0..messages {
            let file = format!("{}-{number:02}.txt", self.name);
            let files = json!({ "attachments": [{ "name": file, "content_base64": "Q2lhbw==" }] });
            let body = with(by_operator(self.request), files);
            let (sender, answer) = oneshot::channel();
            let id = Uuid::new_v5(&self.request, file.as_bytes()).to_string();
            self.awaited.lock().unwrap().insert(id.clone(), sender);
            self.world.send_as(&id, "portal.inca.request.attach", &body).await;
            tokio::time::timeout(PATIENCE, answer)
                .await
                .expect("an answer")
                .unwrap();
        }
    }
}

/// What a sede that keeps the last number of each request makes of its queue.
#[derive(Default)]
struct Sede {
    seen: BTreeMap<i64, String>,
    files: HashMap<String, Vec<String>>,
}

impl Sede {
    fn take(&mut self, message: &Received) {
        let seq = message.case_seq().unwrap();
        let next = i64::try_from(self.seen.len()).unwrap() + 1;
        if let Some(first) = self.seen.get(&seq) {
            assert_eq!(
                *first, message.message_id,
                "a repetition carries the id of what it repeats"
            );
            return;
        }
        assert_eq!(seq, next, "in order and without a gap");
        self.seen.insert(seq, message.message_id.clone());
        if message.kind == "request.attached" {
            let name = message.body["attachments"][0]["name"].as_str().unwrap();
            let (publisher, _) = name.split_once('-').unwrap();
            self.files
                .entry(publisher.to_owned())
                .or_default()
                .push(name.to_owned());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_one_of_them_killed_keep_the_order_of_every_request() {
    let mut world = World::start().await;
    world.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let settings = [("USCIERE_RELAY__LEASE", "3s")];
    let mut programs: Vec<_> = (0..3)
        .map(|_| Program::start_with(&world, &log, &settings))
        .collect();
    let world = Arc::new(world);
    let mut requests = Vec::new();
    for _ in 0..amount(20, 100) {
        let body = request();
        requests.push(body["request_id"].as_str().unwrap().parse::<Uuid>().unwrap());
        world.send("portal.inca.request.submit", &body).await;
    }
    let all = i64::try_from(requests.len()).unwrap();
    world
        .until("all are taken in", async || {
            world.count("select count(*) from cases").await == all
        })
        .await;
    let awaited = Awaited::default();
    answers(&world.config.amqp.url.0, Arc::clone(&awaited)).await;
    let each = amount(6, 25);
    let mut speaking = tokio::task::JoinSet::new();
    for &request in &requests {
        for name in PUBLISHERS {
            let publisher = Publisher {
                world: Arc::clone(&world),
                awaited: Arc::clone(&awaited),
                request,
                name,
            };
            speaking.spawn(publisher.speak(each));
        }
    }
    let all = requests.len() * PUBLISHERS.len() * each;
    let third = i64::try_from(all / 3).unwrap();
    world
        .until("a third is done", async || {
            world
                .count("select count(*) from case_event where kind = 'attached'")
                .await
                >= third
        })
        .await;
    programs.pop().unwrap().kill();
    while let Some(spoken) = speaking.join_next().await {
        spoken.unwrap();
    }
    world
        .until("all is sent", async || {
            world.count("select count(*) from outbox").await == 0
        })
        .await;

    let mut sede: HashMap<String, Sede> = HashMap::new();
    let queue = format!("sede.{SEDE}");
    while world.depth(&queue).await > 0 {
        let message = world.next(&queue).await;
        sede.entry(message.text("request_id").to_owned())
            .or_default()
            .take(&message);
    }
    let expected: HashMap<String, Vec<String>> = PUBLISHERS
        .iter()
        .map(|name| {
            let files = (0..each).map(|number| format!("{name}-{number:02}.txt"));
            ((*name).to_owned(), files.collect())
        })
        .collect();
    assert_eq!(sede.len(), requests.len());
    for (request, seen) in sede {
        assert_eq!(seen.files, expected, "{request}");
    }
    drop(programs);
}

//! The load: portals and sedi that hold many conversations at once, each command after the answer to the one before.
//!
//! One conversation: a request is submitted, some files are attached, the sede replies. What is published is drawn
//! from the seed; when, depends on the engine.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::ledger::{Delivery, Ledger};
use crate::world::World;

const PUBLISHERS: usize = 3;
/// Files attached to each request.
pub(crate) const FILES: u32 = 3;
const SEDI: [&str; 3] = ["701300", "230001", "700000"];
const PORTALS: [(&str, &str); 3] = [
    ("inca", "INCA-RM-001"),
    ("acli", "ACLI-RM-001"),
    ("ital", "ITAL-RM-001"),
];

/// A load that runs until [`Load::finish`].
pub(crate) struct Load {
    ledger: Arc<Mutex<Ledger>>,
    /// How many conversations are held at once; 0 starts none and lets the others end.
    wanted: watch::Sender<usize>,
    talking: JoinHandle<()>,
    _recorder: Child,
}

enum News {
    Confirmed(String),
    Delivered(Delivery),
}

impl Load {
    pub(crate) fn start(world: &World, seed: u64, conversations: usize) -> Self {
        let (sender, news) = mpsc::unbounded_channel();
        let queues = SEDI.map(|sede| format!("sede.{sede}"));
        let portals = PORTALS.map(|(portal, _)| format!("portal.{portal}"));
        let watched = queues.iter().chain(&portals).map(String::as_str);
        let recorder = client(world, ["record"].into_iter().chain(watched), {
            let sender = sender.clone();
            move |line| {
                let _ = sender.send(News::Delivered(serde_json::from_value(line).unwrap()));
            }
        });
        let mut publishers = Vec::new();
        for _ in 0..PUBLISHERS {
            let sender = sender.clone();
            let child = client(world, ["publish"], move |line| {
                let id = line["confirmed"].as_str().unwrap().to_owned();
                let _ = sender.send(News::Confirmed(id));
            });
            publishers.push(child);
        }
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let (wanted, asked) = watch::channel(conversations);
        let talk = Talk {
            ledger: Arc::clone(&ledger),
            publishers: publishers.into_iter().map(Publisher::new).collect(),
            random: StdRng::seed_from_u64(seed),
            open: HashMap::new(),
        };
        Self {
            ledger,
            wanted,
            talking: tokio::spawn(talk.run(news, asked)),
            _recorder: recorder,
        }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    pub(crate) fn deliveries(&self) -> u64 {
        self.ledger().deliveries
    }

    /// Waits until so many more deliveries came.
    pub(crate) async fn goes_on(&self, world: &World, more: u64) -> std::time::Duration {
        let enough = self.deliveries() + more;
        world
            .until("deliveries go on", async |_| self.deliveries() >= enough)
            .await
    }

    pub(crate) fn pause(&self) {
        self.wanted.send_replace(0);
    }

    /// Lets every conversation end, as long as they do, and gives the ledger back.
    pub(crate) async fn finish(self, patience: std::time::Duration) -> Ledger {
        self.wanted.send_replace(0);
        let mut talking = self.talking;
        if tokio::time::timeout(patience, &mut talking).await.is_err() {
            talking.abort();
        }
        std::mem::take(&mut *self.ledger.lock().unwrap())
    }
}

/// Starts `client.py` and hears its lines.
fn client<'a>(
    world: &World,
    arguments: impl IntoIterator<Item = &'a str>,
    hear: impl Fn(Value) + Send + 'static,
) -> Child {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(root.join("target/publishers/venv/bin/python"))
        .arg(root.join("tests/chaos/client.py"))
        .args(arguments)
        .env("AMQP_URL", world.clients_url().as_str())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("scripts/publishers installed pika");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            hear(serde_json::from_str(&line).unwrap());
        }
    });
    child
}

struct Publisher {
    input: ChildStdin,
    _child: Child,
}

impl Publisher {
    fn new(mut child: Child) -> Self {
        Self {
            input: child.stdin.take().unwrap(),
            _child: child,
        }
    }
}

/// One request's conversation.
struct Conversation {
    portal: usize,
    sede: &'static str,
    number: u32,
}

struct Talk {
    ledger: Arc<Mutex<Ledger>>,
    publishers: Vec<Publisher>,
    random: StdRng,
    /// By the id of the command whose answer is waited for: the request and its conversation.
    open: HashMap<String, (String, Conversation)>,
}

impl Talk {
    async fn run(mut self, mut news: mpsc::UnboundedReceiver<News>, mut wanted: watch::Receiver<usize>) {
        loop {
            while self.open.len() < *wanted.borrow_and_update() {
                self.open_one().await;
            }
            if self.open.is_empty() {
                return;
            }
            tokio::select! {
                Some(news) = news.recv() => self.hear(news).await,
                changed = wanted.changed() => if changed.is_err() { return },
            }
        }
    }

    async fn hear(&mut self, news: News) {
        match news {
            News::Confirmed(id) => self.ledger.lock().unwrap().confirmed(&id),
            News::Delivered(delivery) => {
                let answered = if delivery.queue.starts_with("portal.") {
                    delivery.cause.as_ref().and_then(|cause| self.open.remove(cause))
                } else {
                    None
                };
                self.ledger.lock().unwrap().delivered(delivery);
                if let Some((request, conversation)) = answered {
                    self.go_on(request, conversation).await;
                }
            }
        }
    }

    async fn open_one(&mut self) {
        let request = self.new_id();
        let conversation = Conversation {
            portal: self.random.random_range(0..PORTALS.len()),
            sede: SEDI[self.random.random_range(0..SEDI.len())],
            number: 0,
        };
        let (portal, office) = PORTALS[conversation.portal];
        let body = json!({
            "request_id": request,
            "role": "operator",
            "patronato": portal,
            "office": office,
            "operator": {"id": "op1", "name": "Mario Rossi", "email": "op1@patronato.example"},
            "citizen": {"codice_fiscale": "BNCMRA50A01H501U"},
            "delegation": true,
            "reason": "status_or_rejection",
            "practice": {"kind": "pension", "number": "030010110000000"},
            "topic": "pensioni-paesi-non-convenzionati",
            "sede": conversation.sede,
            "text": "Vorrei conoscere lo stato della pratica.",
        });
        let key = format!("portal.{portal}.request.submit");
        self.publish(&key, &body, request, conversation).await;
    }

    async fn go_on(&mut self, request: String, mut conversation: Conversation) {
        conversation.number += 1;
        let portal = PORTALS[conversation.portal].0;
        let operator = json!({"id": "op1", "name": "Mario Rossi"});
        let (key, body) = if conversation.number <= FILES {
            let file = json!({"name": "a.txt", "content_base64": "Y2lhbw=="});
            let body = json!({"request_id": request, "operator": operator, "attachments": [file]});
            (format!("portal.{portal}.request.attach"), body)
        } else if conversation.number == FILES + 1 {
            let officer = json!({"id": "av1", "name": "Anna Verdi"});
            let body =
                json!({"request_id": request, "officer": officer, "text": "La pratica è in lavorazione."});
            (format!("sede.{}.request.reply", conversation.sede), body)
        } else {
            self.ledger.lock().unwrap().finished.insert(request);
            return;
        };
        self.publish(&key, &body, request, conversation).await;
    }

    /// Commands of one request go through one publisher.
    async fn publish(&mut self, key: &str, body: &Value, request: String, conversation: Conversation) {
        let id = self.new_id();
        let publisher = usize::from(request.as_bytes()[0]) % self.publishers.len();
        let line = json!({"id": id, "key": key, "body": body.to_string()});
        self.ledger.lock().unwrap().published(&id, &request);
        self.open.insert(id, (request, conversation));
        let input = &mut self.publishers[publisher].input;
        input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    fn new_id(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.random.random())
            .into_uuid()
            .to_string()
    }
}

//! How both directions stand, for readiness: one state, published whenever it changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::clock::Clock;

/// How the way to the broker stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerState {
    pub consuming: Consuming,
    pub publishing: Publishing,
}

impl BrokerState {
    pub fn is_up(&self) -> bool {
        self.consuming == Consuming::Up && self.publishing == Publishing::Up
    }
}

/// Taking deliveries: up when the connection stands and every consumer on it is at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consuming {
    Up,
    Down { since: DateTime<Utc>, why: String },
}

/// Sending messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publishing {
    Up,
    /// The broker is in alarm and takes nothing; what is to be sent waits.
    Blocked {
        since: DateTime<Utc>,
        why: String,
    },
    Down {
        since: DateTime<Utc>,
        why: String,
    },
}

/// Where the links and consumers write how they stand. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::amqp) struct Board {
    clock: Clock,
    sheet: Arc<watch::Sender<Sheet>>,
    state: Arc<watch::Sender<BrokerState>>,
}

/// Everything the state is made of.
#[derive(Debug, Clone)]
struct Sheet {
    consume_link: Consuming,
    consumers: BTreeMap<String, Consuming>,
    publishing: Publishing,
}

impl Board {
    pub(super) fn new(clock: Clock) -> Self {
        let (since, why) = (clock.now(), "not connected yet".to_owned());
        let consuming = Consuming::Down {
            since,
            why: why.clone(),
        };
        let publishing = Publishing::Down { since, why };
        let state = BrokerState {
            consuming: consuming.clone(),
            publishing: publishing.clone(),
        };
        let sheet = Sheet {
            consume_link: consuming,
            consumers: BTreeMap::new(),
            publishing,
        };
        Self {
            clock,
            sheet: Arc::new(watch::Sender::new(sheet)),
            state: Arc::new(watch::Sender::new(state)),
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<BrokerState> {
        self.state.subscribe()
    }

    pub(super) fn consume_link_up(&self) {
        self.change(|sheet| sheet.consume_link = Consuming::Up);
    }

    pub(super) fn consume_link_down(&self, why: &str) {
        let down = self.down(why);
        self.change(|sheet| keep_first(&mut sheet.consume_link, down));
    }

    pub(in crate::amqp) fn consumer_up(&self, queue: &str) {
        self.change(|sheet| {
            sheet.consumers.insert(queue.to_owned(), Consuming::Up);
        });
    }

    pub(in crate::amqp) fn consumer_down(&self, queue: &str, why: &str) {
        let down = self.down(why);
        self.change(|sheet| {
            let line = sheet.consumers.entry(queue.to_owned()).or_insert(Consuming::Up);
            keep_first(line, down);
        });
    }

    pub(in crate::amqp) fn consumer_ended(&self, queue: &str) {
        self.change(|sheet| {
            sheet.consumers.remove(queue);
        });
    }

    pub(super) fn publishing_up(&self) {
        self.change(|sheet| sheet.publishing = Publishing::Up);
    }

    pub(super) fn publishing_blocked(&self, why: &str) {
        let blocked = Publishing::Blocked {
            since: self.clock.now(),
            why: why.to_owned(),
        };
        self.change(|sheet| sheet.publishing = blocked);
    }

    pub(super) fn publishing_down(&self, why: &str) {
        let down = Publishing::Down {
            since: self.clock.now(),
            why: why.to_owned(),
        };
        self.change(|sheet| {
            if !matches!(sheet.publishing, Publishing::Down { .. }) {
                sheet.publishing = down;
            }
        });
    }

    fn down(&self, why: &str) -> Consuming {
        Consuming::Down {
            since: self.clock.now(),
            why: why.to_owned(),
        }
    }

    fn change(&self, edit: impl FnOnce(&mut Sheet)) {
        self.sheet.send_modify(|sheet| {
            edit(sheet);
            let state = sheet.state();
            self.state.send_if_modified(|current| {
                let changed = *current != state;
                *current = state;
                changed
            });
        });
    }
}

/// A repeated failure keeps the time of the first, and tells the latest reason.
fn keep_first(current: &mut Consuming, down: Consuming) {
    match (current, down) {
        (Consuming::Down { why, .. }, Consuming::Down { why: latest, .. }) => *why = latest,
        (current, down) => *current = down,
    }
}

impl Sheet {
    fn state(&self) -> BrokerState {
        let consuming = std::iter::once(&self.consume_link)
            .chain(self.consumers.values())
            .find(|line| **line != Consuming::Up)
            .unwrap_or(&Consuming::Up);
        BrokerState {
            consuming: consuming.clone(),
            publishing: self.publishing.clone(),
        }
    }
}

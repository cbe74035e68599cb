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
    /// A consumer is to begin and has not yet.
    NotBegun,
    /// People hold a queue: it is not consumed, and its messages wait at the broker.
    Paused,
    Down {
        since: DateTime<Utc>,
        why: String,
    },
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

    pub(in crate::amqp) fn consumer_not_begun(&self, queue: &str) {
        self.change(|sheet| {
            sheet.consumers.insert(queue.to_owned(), Consuming::NotBegun);
        });
    }

    pub(in crate::amqp) fn consumer_up(&self, queue: &str) {
        self.change(|sheet| {
            sheet.consumers.insert(queue.to_owned(), Consuming::Up);
        });
    }

    pub(in crate::amqp) fn consumer_paused(&self, queue: &str) {
        self.change(|sheet| {
            sheet.consumers.insert(queue.to_owned(), Consuming::Paused);
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
        let lines = || std::iter::once(&self.consume_link).chain(self.consumers.values());
        let consuming = lines()
            .find(|line| matches!(line, Consuming::Down { .. }))
            .or_else(|| lines().find(|line| **line == Consuming::NotBegun))
            .or_else(|| lines().find(|line| **line == Consuming::Paused))
            .unwrap_or(&Consuming::Up);
        BrokerState {
            consuming: consuming.clone(),
            publishing: self.publishing.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> (Board, Clock) {
        let clock = Clock::fixed(DateTime::from_timestamp(1_790_000_000, 0).unwrap());
        (Board::new(clock.clone()), clock)
    }

    fn why(consuming: &Consuming) -> Option<&str> {
        match consuming {
            Consuming::Up | Consuming::NotBegun | Consuming::Paused => None,
            Consuming::Down { why, .. } => Some(why),
        }
    }

    #[test]
    fn consuming_is_up_when_the_link_and_every_consumer_are() {
        let (board, _) = board();
        let state = board.watch();
        let told = || why(&state.borrow().consuming).map(str::to_owned);
        assert_eq!(told().as_deref(), Some("not connected yet"));
        board.consume_link_up();
        assert_eq!(told(), None);
        board.consumer_down("intake", "no queue");
        board.consumer_up("quarantine");
        assert_eq!(told().as_deref(), Some("no queue"));
        board.consumer_up("intake");
        assert_eq!(told(), None);
        board.consumer_down("quarantine", "gone");
        board.consumer_ended("quarantine");
        assert_eq!(told(), None, "who stopped on purpose is not missed");
    }

    #[test]
    fn nothing_is_consumed_before_every_consumer_has_begun() {
        let (board, _) = board();
        board.consumer_not_begun("intake");
        board.consumer_not_begun("quarantine");
        board.consume_link_up();
        board.consumer_paused("intake");
        assert_eq!(board.watch().borrow().consuming, Consuming::NotBegun);
        board.consumer_up("quarantine");
        assert_eq!(board.watch().borrow().consuming, Consuming::Paused);
    }

    #[test]
    fn a_queue_that_is_down_counts_more_than_one_that_is_held() {
        let (board, _) = board();
        board.consume_link_up();
        board.consumer_paused("intake");
        assert_eq!(board.watch().borrow().consuming, Consuming::Paused);
        board.consumer_down("quarantine", "gone");
        assert_eq!(why(&board.watch().borrow().consuming), Some("gone"));
    }

    #[test]
    fn a_failure_that_goes_on_keeps_the_time_it_began() {
        let (board, clock) = board();
        let began = clock.now();
        board.consume_link_up();
        board.consume_link_down("reset");
        clock.set_offset(chrono::TimeDelta::minutes(5));
        board.consume_link_down("refused");
        let since = Consuming::Down {
            since: began,
            why: "refused".to_owned(),
        };
        assert_eq!(board.watch().borrow().consuming, since);
    }

    #[test]
    fn an_alarm_blocks_publishing_alone() {
        let (board, _) = board();
        board.consume_link_up();
        board.publishing_up();
        assert!(board.watch().borrow().is_up());
        board.publishing_blocked("low on memory");
        let state = board.watch().borrow().clone();
        assert!(matches!(state.publishing, Publishing::Blocked { .. }));
        assert_eq!(state.consuming, Consuming::Up);
        assert!(!state.is_up());
    }

    #[test]
    fn nobody_is_woken_without_news() {
        let (board, _) = board();
        board.publishing_up();
        let mut state = board.watch();
        state.mark_unchanged();
        board.publishing_up();
        assert!(!state.has_changed().unwrap());
    }
}

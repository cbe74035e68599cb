//! The queues: what the broker holds, what still waits on our side of it, and holding them back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use schemars::JsonSchema;
use serde::Serialize;

use crate::amqp::{Broker, BrokerError, QueueStatus, Topology};
use crate::domain::pause::{Pause, Pauses, QueueName};
use crate::store::{BackOff, Store, StoreError, WaitingFor};

/// Queues asked about at once, each on a channel of its own.
const AT_ONCE: usize = 16;

/// How a queue stands, at the broker and before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct QueueLine {
    pub queue: String,
    /// Whether the broker has it.
    pub declared: bool,
    /// Ready to be delivered; what a consumer holds unacknowledged is not among them.
    pub messages: Option<u32>,
    pub consumers: Option<u32>,
    /// Still in the outbox.
    pub unsent: u64,
    pub oldest_unsent: Option<DateTime<Utc>>,
    /// The broker would not take messages for it.
    pub back_off: Option<BackOff>,
    /// People hold it.
    pub paused: Option<Pause>,
}

/// Why the queues cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum QueuesError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the broker cannot be asked")]
    Broker(#[from] BrokerError),
}

/// What came of wanting to hold a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    Held,
    /// No queue is called so, or none that anything is taken from or sent to.
    Unknown,
    /// The time it should end lies behind.
    AlreadyOver,
}

/// Every queue of the topology, and shards of the intake left over; destinations that messages wait for and that are none of it come last.
pub async fn list(
    broker: &Broker,
    store: &Store,
    topology: &Topology,
) -> Result<Vec<QueueLine>, QueuesError> {
    let waiting = store.waiting_messages().await?;
    let pauses = broker.with_shards(store.pauses().await?.pauses);
    let topology = broker.with_shards_left_over(topology.clone()).await?;
    let statuses = ask(broker, &topology).await?;
    Ok(lines(statuses, waiting, &pauses))
}

/// Holds a queue until somebody resumes it or `until` comes. Messages wait: those of the intake at the broker, those
/// for a sede or portal in the outbox.
pub async fn pause(
    store: &Store,
    topology: &Topology,
    queue: &QueueName,
    pause: Pause,
) -> Result<Held, StoreError> {
    if !can_be_held(topology, queue) {
        return Ok(Held::Unknown);
    }
    if pause.until.is_some_and(|until| until <= pause.since) {
        return Ok(Held::AlreadyOver);
    }
    store
        .pause_queue(queue, &pause.by, pause.until, pause.note.as_deref())
        .await?;
    Ok(Held::Held)
}

/// Whether usciere itself takes from this queue or sends to it.
pub fn can_be_held(topology: &Topology, queue: &QueueName) -> bool {
    // Where commands go that no queue is bound to: nobody takes them.
    let is_alternate = || {
        let mut exchanges = topology.exchanges.iter();
        exchanges.any(|exchange| exchange.alternate.as_deref() == Some(queue.as_str()))
    };
    topology.queues.iter().any(|spec| spec.name == queue.as_str()) && !is_alternate()
}

type Status = (String, Option<QueueStatus>);

/// How full every queue is, in the order of the topology.
async fn ask(broker: &Broker, topology: &Topology) -> Result<Vec<Status>, BrokerError> {
    let names: Vec<String> = topology.queues.iter().map(|queue| queue.name.clone()).collect();
    stream::iter(names)
        .map(|name| async move {
            let status = broker.queue_status(&name).await?;
            Ok((name, status))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

fn lines(statuses: Vec<Status>, waiting: Vec<WaitingFor>, pauses: &Pauses) -> Vec<QueueLine> {
    let mut waiting: BTreeMap<String, WaitingFor> = waiting
        .into_iter()
        .map(|waiting| (waiting.destination.clone(), waiting))
        .collect();
    let mut lines: Vec<QueueLine> = statuses
        .into_iter()
        .map(|(queue, status)| {
            let waiting = waiting.remove(&queue);
            QueueLine::new(queue, status, waiting, pauses)
        })
        .collect();
    lines.extend(
        waiting
            .into_iter()
            .map(|(queue, waiting)| QueueLine::new(queue, None, Some(waiting), pauses)),
    );
    lines
}

impl QueueLine {
    fn new(queue: String, status: Option<QueueStatus>, waiting: Option<WaitingFor>, pauses: &Pauses) -> Self {
        let (unsent, oldest_unsent, back_off) = waiting.map_or((0, None, None), |waiting| {
            (waiting.unsent, waiting.oldest, waiting.back_off)
        });
        Self {
            declared: status.is_some(),
            messages: status.map(|status| status.messages),
            consumers: status.map(|status| status.consumers),
            unsent,
            oldest_unsent,
            back_off,
            paused: pauses.of(&queue).cloned(),
            queue,
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// One of every kind, as of 2026-11-23T09:00Z.
    pub(crate) fn example() -> Vec<QueueLine> {
        let status = |messages, consumers| Some(QueueStatus { messages, consumers });
        let statuses = vec![
            ("usciere.intake".to_owned(), status(7, 0)),
            ("sede.230001".to_owned(), status(12, 0)),
            ("portal.inca".to_owned(), None),
        ];
        let waiting = vec![
            WaitingFor {
                destination: "portal.gone".to_owned(),
                unsent: 1,
                oldest: Some(at("2026-11-23T08:00:00Z")),
                back_off: None,
            },
            WaitingFor {
                destination: "sede.230001".to_owned(),
                unsent: 3,
                oldest: Some(at("2026-11-23T08:59:15Z")),
                back_off: Some(BackOff {
                    reason: "the queue is full".to_owned(),
                    since: at("2026-11-23T08:58:00Z"),
                    next_try_at: at("2026-11-23T09:00:10Z"),
                }),
            },
        ];
        let pause = Pause {
            by: "anna".to_owned(),
            since: at("2026-11-23T08:30:00Z"),
            until: Some(at("2026-11-23T17:00:00Z")),
            note: Some("manutenzione".to_owned()),
        };
        let pauses = [("usciere.intake".parse().unwrap(), pause)].into_iter().collect();
        lines(statuses, waiting, &pauses)
    }

    #[test]
    fn what_nobody_takes_cannot_be_held() {
        let topology = Topology::of(
            "usciere",
            crate::config::amqp::QueueType::Quorum,
            std::num::NonZeroU16::MIN,
            [],
            [],
        );
        let can = |queue: &str| can_be_held(&topology, &queue.parse().unwrap());
        assert!(can("usciere.intake") && can("usciere.intake.quarantine") && can("sede.lineainps"));
        assert!(!can("usciere.unroutable") && !can("sede.700000"));
    }
}

//! From the intake queue to the engine's door, and back: acknowledged when the outcome is committed.
//!
//! A message that ends the process takes its batch along and comes back with it. So what came back too often is worked
//! alone, under a note in the database: its neighbours go on, and it is kept as a dead letter (`alone`).

mod alone;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::TaskTracker;

use super::budget::Hold;
use super::consumer::{Acker, Consumer, Delivery, Receipt};
use super::envelope::{DecodeRules, RawDelivery, Rejected, decode};
use super::message::Properties;
use crate::domain::dead_letter::DeadLetterReason;
use crate::engine::{Door, Item, Original};
use crate::failpoint::{self, FailPoint, reached};
use crate::store::{KeptMessage, NewDeadLetter, Store};

/// How many acknowledgements are written together.
const ACKS: usize = 1_000;
/// How long what is done waits to be acknowledged together with what was delivered before it.
const GAP: Duration = Duration::from_millis(100);

/// A message as it came, kept until its outcome is committed.
struct Kept {
    routing_key: String,
    properties: Properties,
    body: Vec<u8>,
}

impl Kept {
    fn raw(&self) -> RawDelivery<'_> {
        RawDelivery {
            routing_key: &self.routing_key,
            properties: &self.properties,
            body: &self.body,
        }
    }

    fn letter(&self, rejected: Rejected) -> NewDeadLetter {
        let kept = self.keep();
        NewDeadLetter {
            reason: rejected.reason,
            detail: rejected.detail,
            source: rejected.source.map(|source| source.to_string()),
            message_id: rejected
                .message_id
                .map(|id| id.to_string())
                .or_else(|| self.properties.message_id.clone()),
            routing_key: kept.routing_key,
            properties: kept.properties,
            headers: kept.headers,
            body: kept.body,
        }
    }
}

impl Original for Kept {
    fn bury(&self, reason: DeadLetterReason, detail: String) -> NewDeadLetter {
        self.letter(Rejected {
            reason,
            detail,
            source: None,
            message_id: None,
        })
    }

    fn keep(&self) -> KeptMessage {
        KeptMessage {
            routing_key: self.routing_key.clone(),
            properties: serde_json::to_value(&self.properties).unwrap_or_default(),
            headers: serde_json::to_value(&self.properties.headers).unwrap_or_default(),
            body: self.body.clone(),
        }
    }

    fn size(&self) -> usize {
        self.body.len()
    }
}

/// What is kept of a delivery, and the room it takes.
fn apart(delivery: Delivery) -> (Kept, Hold) {
    let kept = Kept {
        routing_key: delivery.routing_key,
        properties: delivery.properties,
        body: delivery.body,
    };
    (kept, delivery.hold)
}

/// Reads a delivery; what cannot be understood becomes a dead letter, also when reading it panics.
fn item(kept: Kept, rules: &DecodeRules) -> Item {
    failpoint::read(&kept.body);
    match catch_unwind(AssertUnwindSafe(|| decode(&kept.raw(), rules))) {
        Ok(Ok(envelope)) => Item::Command {
            envelope: Arc::new(envelope),
            original: Some(Arc::new(kept)),
        },
        Ok(Err(rejected)) => Item::DeadLetter(Arc::new(kept.letter(rejected))),
        Err(_) => {
            let detail = "reading it panicked".to_owned();
            Item::DeadLetter(Arc::new(kept.bury(DeadLetterReason::EngineFault, detail)))
        }
    }
}

/// Which deliveries of a queue are worked alone, and noted before they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Those that came back too often.
    Suspects,
    /// All: the broker moved them to quarantine because they came back too often.
    Everything,
}

/// The way in from one queue.
#[derive(Clone)]
pub struct Intake {
    pub door: Door,
    pub store: Store,
    pub rules: DecodeRules,
    pub care: Care,
}

impl Intake {
    fn is_delicate(&self, delivery: &Delivery) -> bool {
        match self.care {
            Care::Suspects => delivery.is_suspect(),
            Care::Everything => true,
        }
    }
}

/// Takes everything a queue delivers, until consuming is stopped; returns when all of it is handled.
pub async fn take_in(mut consumer: Consumer, intake: Intake) {
    let (done, receipts) = mpsc::unbounded_channel();
    let acking = tokio::spawn(acknowledge(consumer.acker.clone(), receipts));
    let working = TaskTracker::new();
    while let Some(delivery) = consumer.deliveries.recv().await {
        reached(FailPoint::Delivered);
        let receipt = delivery.receipt;
        let delicate = intake.is_delicate(&delivery);
        let (kept, hold) = apart(delivery);
        if delicate {
            // Nothing else is in hand: if it ends the process, it takes no neighbour's work along; and what came
            // after it of the same request does not overtake it.
            working.close();
            working.wait().await;
            working.reopen();
            if alone::work(&intake, kept, || consumer.deliveries.is_closed()).await {
                let _ = done.send(receipt);
            }
            continue;
        }
        let (done, in_hand) = (done.clone(), working.token());
        let completion = Box::new(move |_| {
            // The end of the acking task is the end of the process: the delivery comes again.
            let _ = done.send(receipt);
            drop((in_hand, hold));
        });
        intake.door.put(item(kept, &intake.rules), completion).await;
    }
    drop((intake, done));
    if acking.await.is_err() {
        tracing::error!("the acknowledging task panicked");
    }
}

/// Acknowledges what is done, together where it can be.
async fn acknowledge(acker: Acker, mut receipts: mpsc::UnboundedReceiver<Receipt>) {
    let mut batch = Vec::with_capacity(ACKS);
    let mut told = Instant::now();
    loop {
        let holds = acker.holds().await;
        tokio::select! {
            count = receipts.recv_many(&mut batch, ACKS) => {
                if count == 0 {
                    break;
                }
                reached(FailPoint::Committed);
                acker.ack(batch.drain(..)).await;
                if !holds {
                    told = Instant::now();
                }
            }
            () = sleep_until(told + GAP), if holds => {
                acker.tell().await;
                told = Instant::now();
            }
        }
    }
    acker.tell().await;
}

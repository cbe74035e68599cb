//! From the intake queue to the engine's door, and back: acknowledged when the outcome is committed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::consumer::{Consumer, Delivery};
use super::envelope::{DecodeRules, RawDelivery, Rejected, decode};
use super::message::Properties;
use crate::domain::dead_letter::DeadLetterReason;
use crate::engine::{Door, Item, Original};
use crate::store::{KeptMessage, NewDeadLetter};

/// How many acknowledgements are written together.
const ACKS: usize = 1_000;

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
            replay_of: None,
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
}

/// Reads a delivery; what cannot be understood becomes a dead letter, also when reading it panics.
fn item(kept: Kept, rules: &DecodeRules) -> Item {
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

/// Takes everything a queue delivers, until consuming is stopped; returns when all of it is handled.
pub async fn take_in(mut consumer: Consumer, door: Door, rules: DecodeRules) {
    let (done, mut receipts) = mpsc::unbounded_channel();
    let acker = consumer.acker.clone();
    let acking = tokio::spawn(async move {
        let mut batch = Vec::with_capacity(ACKS);
        while receipts.recv_many(&mut batch, ACKS).await > 0 {
            acker.ack(batch.drain(..)).await;
        }
    });
    while let Some(delivery) = consumer.deliveries.recv().await {
        let Delivery {
            routing_key,
            properties,
            body,
            receipt,
            hold,
            ..
        } = delivery;
        let done = done.clone();
        let completion = Box::new(move |_| {
            // The end of the acking task is the end of the process: the delivery comes again.
            let _ = done.send(receipt);
            drop(hold);
        });
        let kept = Kept {
            routing_key,
            properties,
            body,
        };
        door.put(item(kept, &rules), completion).await;
    }
    drop((door, done));
    if acking.await.is_err() {
        tracing::error!("the acknowledging task panicked");
    }
}

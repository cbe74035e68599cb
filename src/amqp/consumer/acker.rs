//! Acknowledging deliveries after their transaction has committed.

use std::sync::Arc;

use lapin::Channel;
use lapin::options::BasicAckOptions;
use tokio::sync::Mutex;

use super::Receipt;
use super::ledger::{AckFrame, AckLedger};
use crate::amqp::metrics;

/// How acknowledging went. What is stale will be delivered again and recognised by the inbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Acked {
    pub acknowledged: usize,
    /// Of a channel that is gone: the broker has already taken these back.
    pub stale: usize,
}

/// Acknowledges the deliveries of one consumer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Acker {
    lane: Arc<Mutex<Lane>>,
}

/// The channel deliveries come by just now.
#[derive(Debug, Default)]
struct Lane {
    generation: u64,
    channel: Option<Channel>,
    ledger: AckLedger,
}

impl Acker {
    pub(super) fn new() -> Self {
        Self {
            lane: Arc::new(Mutex::new(Lane::default())),
        }
    }

    /// Takes a new channel; everything delivered before it is stale from here on.
    pub(super) async fn renew(&self, channel: Channel) -> u64 {
        let mut lane = self.lane.lock().await;
        let generation = lane.generation + 1;
        *lane = Lane {
            generation,
            channel: Some(channel),
            ledger: AckLedger::default(),
        };
        generation
    }

    /// The channel is gone.
    pub(super) async fn lose(&self) {
        self.lane.lock().await.channel = None;
    }

    /// Takes these as done and tells the broker, in one frame, of all that are done without a gap.
    pub async fn ack(&self, receipts: impl IntoIterator<Item = Receipt>) -> Acked {
        // Frames of two callers must not overtake each other: the lock is held until they are written.
        let mut lane = self.lane.lock().await;
        let mut tags = Vec::new();
        let mut stale = 0;
        for receipt in receipts {
            if receipt.generation == lane.generation && lane.channel.is_some() {
                tags.push(receipt.tag);
            } else {
                stale += 1;
            }
        }
        let count = tags.len();
        let frame = lane.ledger.settle(tags);
        let written = lane.write(frame).await;
        if !written {
            lane.channel = None;
            stale += count;
        }
        metrics::stale_acks(stale);
        Acked {
            acknowledged: if written { count } else { 0 },
            stale,
        }
    }

    /// Whether something done is held back because of a gap before it.
    pub async fn holds(&self) -> bool {
        let lane = self.lane.lock().await;
        lane.channel.is_some() && lane.ledger.holds()
    }

    /// Tells the broker of what is held back.
    pub async fn tell(&self) {
        let mut lane = self.lane.lock().await;
        let frames = lane.ledger.tell();
        if !lane.write(frames).await {
            lane.channel = None;
        }
    }
}

impl Lane {
    async fn write(&self, frames: impl IntoIterator<Item = AckFrame>) -> bool {
        let Some(channel) = &self.channel else {
            return true;
        };
        for frame in frames {
            let options = BasicAckOptions {
                multiple: frame.multiple,
            };
            if channel.basic_ack(frame.tag, options).await.is_err() {
                return false;
            }
        }
        true
    }
}

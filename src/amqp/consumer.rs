//! Consuming one queue for as long as the process wants it, over every broken channel and connection.

mod acker;
mod ledger;
pub(super) mod reading;
pub(super) mod task;

use tokio::sync::mpsc;

use super::budget::Hold;
use super::envelope::RawDelivery;
use super::message::Properties;

pub use acker::{Acked, Acker};

/// A message the broker delivered and waits to see acknowledged.
#[derive(Debug)]
pub struct Delivery {
    pub routing_key: String,
    pub properties: Properties,
    pub body: Vec<u8>,
    /// It was delivered before, to somebody, and not acknowledged.
    pub redelivered: bool,
    /// How often it was returned without an ack, where the broker counts (quorum queues); every crash of a node or
    /// of the broker counts one.
    pub delivery_count: Option<u32>,
    pub receipt: Receipt,
    /// Kept as long as the body is.
    pub hold: Hold,
}

/// A quorum queue's count from which on a delivery is suspected of ending processes.
const SUSPECT_FROM: u32 = 2;

impl Delivery {
    /// Whether it came back so often that it may be what ends processes. Where nobody counts, once is often.
    pub fn is_suspect(&self) -> bool {
        self.redelivered && self.delivery_count.is_none_or(|count| count >= SUSPECT_FROM)
    }

    pub fn raw(&self) -> RawDelivery<'_> {
        RawDelivery {
            routing_key: &self.routing_key,
            properties: &self.properties,
            body: &self.body,
        }
    }
}

/// What an ack names: the delivery's number on its channel, and which channel that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt {
    generation: u64,
    tag: u64,
}

/// A queue being consumed. Deliveries end (`None`) only when consuming was stopped.
#[derive(Debug)]
pub struct Consumer {
    pub deliveries: mpsc::Receiver<Delivery>,
    pub acker: Acker,
}

//! What the broker side counts.

use metrics::{counter, gauge};

use crate::telemetry::metrics::{
    BROKER_BLOCKED, BROKER_CONSUMERS_REBUILT, BROKER_RECONNECTS, BROKER_STALE_ACKS, PUBLISHES,
};

pub(super) fn reconnected(link: &'static str) {
    counter!(BROKER_RECONNECTS, "link" => link).increment(1);
}

pub(super) fn consumer_rebuilt(queue: &str) {
    counter!(BROKER_CONSUMERS_REBUILT, "queue" => queue.to_owned()).increment(1);
}

pub(super) fn stale_acks(count: usize) {
    if count > 0 {
        counter!(BROKER_STALE_ACKS).increment(count as u64);
    }
}

pub(super) fn published(outcome: &'static str, count: u64) {
    if count > 0 {
        counter!(PUBLISHES, "outcome" => outcome).increment(count);
    }
}

pub(super) fn blocked(yes: bool) {
    gauge!(BROKER_BLOCKED).set(if yes { 1.0 } else { 0.0 });
}

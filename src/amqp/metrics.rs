//! What the broker side counts.

use metrics::{counter, gauge};

/// Connections rebuilt after a loss, by `link` (`consume`, `publish`).
pub const RECONNECTS: &str = "usciere_amqp_reconnects_total";
/// Consumers rebuilt after their channel, queue or connection was lost.
pub const CONSUMERS_REBUILT: &str = "usciere_amqp_consumers_rebuilt_total";
/// Acks of deliveries the broker has already taken back.
pub const STALE_ACKS: &str = "usciere_amqp_stale_acks_total";
/// Publishing by `outcome`: `confirmed`, `unroutable`, `refused`, `lost`.
pub const PUBLISHED: &str = "usciere_amqp_published_total";
/// 1 while the broker blocks the publishing connection (alarm).
pub const BLOCKED: &str = "usciere_amqp_blocked";

pub(super) fn reconnected(link: &'static str) {
    counter!(RECONNECTS, "link" => link).increment(1);
}

pub(super) fn consumer_rebuilt(queue: &str) {
    counter!(CONSUMERS_REBUILT, "queue" => queue.to_owned()).increment(1);
}

pub(super) fn stale_acks(count: usize) {
    if count > 0 {
        counter!(STALE_ACKS).increment(count as u64);
    }
}

pub(super) fn published(outcome: &'static str, count: u64) {
    if count > 0 {
        counter!(PUBLISHED, "outcome" => outcome).increment(count);
    }
}

pub(super) fn blocked(yes: bool) {
    gauge!(BLOCKED).set(if yes { 1.0 } else { 0.0 });
}

//! What the engine counts: one place, so that every door counts alike.

use std::time::Duration;

use metrics::{counter, histogram};

use super::item::{Handled, Item};
use crate::domain::command::Envelope;
use crate::telemetry::metrics::{
    DEAD_LETTERS, INTAKE_BATCH_SIZE, INTAKE_BATCHES, INTAKE_MESSAGES, INTAKE_OUTCOMES, REFUSALS,
    TRANSACTION_SECONDS,
};

pub(super) fn handled(item: &Item, handled: &Handled) {
    let kind = match item {
        Item::Command { envelope, .. } => Envelope::kind(envelope).as_str(),
        Item::DeadLetter(_) => "unknown",
    };
    counter!(INTAKE_MESSAGES, "type" => kind).increment(1);
    let outcome = match handled {
        Handled::Done { .. } => "accepted",
        Handled::Refused(refusal) => {
            counter!(REFUSALS, "code" => refusal.code.as_str()).increment(1);
            "refused"
        }
        Handled::Repeated { .. } => "duplicate",
        Handled::DeadLettered { reason, .. } => {
            counter!(DEAD_LETTERS, "reason" => reason.as_str()).increment(1);
            "dead"
        }
    };
    counter!(INTAKE_OUTCOMES, "outcome" => outcome).increment(1);
}

pub(super) fn batch(size: usize, transaction: Duration) {
    counter!(INTAKE_BATCHES).increment(1);
    let size = u32::try_from(size).unwrap_or(u32::MAX);
    histogram!(INTAKE_BATCH_SIZE).record(f64::from(size));
    histogram!(TRANSACTION_SECONDS).record(transaction.as_secs_f64());
}

//! `[relay]`: how the outbox reaches the broker.

use std::num::{NonZeroU16, NonZeroUsize};

use serde::{Deserialize, Serialize};

use super::check::Checks;
use super::interval::Interval;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RelaySettings {
    /// Parts the outbox is dealt into; one node at a time holds a part. The same on every node.
    pub buckets: NonZeroU16,
    /// How long a silent node keeps its buckets.
    pub lease: Interval,
    /// Publishes waiting for the broker's confirmation at once.
    pub window: NonZeroUsize,
    /// How often the outbox is looked at when nothing announced new rows.
    pub poll: Interval,
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self {
            buckets: NonZeroU16::new(64).expect("not zero"),
            lease: Interval::from_secs(10),
            window: NonZeroUsize::new(500).expect("not zero"),
            poll: Interval::from_secs(1),
        }
    }
}

impl RelaySettings {
    pub(super) fn check(&self, checks: &mut Checks) {
        checks.not_zero("relay.poll", self.poll);
        if self.lease <= self.poll {
            checks.add(
                "relay.lease",
                "is not longer than relay.poll, so a healthy node would lose its buckets",
                "make it several times relay.poll",
            );
        }
    }
}

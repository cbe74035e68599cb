//! Which deliveries of one channel are acknowledged, and with how few frames the next ones can be.

use std::collections::BTreeSet;

/// One `basic.ack`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AckFrame {
    pub(super) tag: u64,
    /// Everything up to the tag, not only it.
    pub(super) multiple: bool,
}

/// The acknowledgements of one channel, whose deliveries are numbered 1, 2, 3 ...
///
/// To a quorum queue every frame is an entry in its log, so one that says "up to here" is worth waiting for: what is
/// done behind a gap is held until the gap closes, or until somebody's patience ends.
#[derive(Debug, Default)]
pub(super) struct AckLedger {
    /// All up to here are acknowledged.
    prefix: u64,
    /// Done, behind a gap, and not told to the broker yet.
    held: BTreeSet<u64>,
    /// Told to the broker behind a gap.
    beyond: BTreeSet<u64>,
}

impl AckLedger {
    /// Takes tags as done and says which frame tells of all that are done without a gap. `multiple` is only ever used
    /// over such a prefix, and always names a tag the broker still waits for: anything else would close the channel.
    pub(super) fn settle(&mut self, tags: impl IntoIterator<Item = u64>) -> Option<AckFrame> {
        let new = tags.into_iter().filter(|tag| *tag > self.prefix);
        self.held.extend(new.filter(|tag| !self.beyond.contains(tag)));
        let (mut covered, mut last) = (0_u32, None);
        loop {
            let next = self.prefix + 1;
            if self.held.remove(&next) {
                covered += 1;
                last = Some(next);
            } else if !self.beyond.remove(&next) {
                break;
            }
            self.prefix = next;
        }
        last.map(|tag| AckFrame {
            tag,
            multiple: covered > 1,
        })
    }

    /// Whether something done is not told yet.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Frames for what is held, one for each.
    pub(super) fn tell(&mut self) -> Vec<AckFrame> {
        let held = std::mem::take(&mut self.held);
        self.beyond.extend(&held);
        let single = |tag| AckFrame { tag, multiple: false };
        held.into_iter().map(single).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(tag: u64) -> AckFrame {
        AckFrame { tag, multiple: false }
    }

    fn up_to(tag: u64) -> AckFrame {
        AckFrame { tag, multiple: true }
    }

    #[test]
    fn a_batch_in_order_is_one_frame() {
        let mut ledger = AckLedger::default();
        assert_eq!(ledger.settle(1..=500), Some(up_to(500)));
        assert_eq!(ledger.settle(501..=501), Some(one(501)));
    }

    #[test]
    fn what_is_done_behind_a_gap_is_told_with_the_gap() {
        let mut ledger = AckLedger::default();
        assert_eq!(ledger.settle([1, 2, 4, 5]), Some(up_to(2)));
        assert!(ledger.holds());
        assert_eq!(ledger.settle([3]), Some(up_to(5)));
        assert!(!ledger.holds());
    }

    #[test]
    fn a_gap_that_stays_is_never_acknowledged() {
        let mut ledger = AckLedger::default();
        assert_eq!(ledger.settle([1, 2, 4, 5]), Some(up_to(2)));
        assert_eq!(ledger.tell(), [one(4), one(5)]);
        assert_eq!(ledger.tell(), []);
        assert_eq!(ledger.settle([3]), Some(one(3)));
        assert_eq!(ledger.settle([6, 7]), Some(up_to(7)));
    }

    #[test]
    fn closing_a_gap_names_a_tag_the_broker_still_waits_for() {
        let mut ledger = AckLedger::default();
        assert_eq!(ledger.settle([3]), None);
        assert_eq!(ledger.tell(), [one(3)]);
        assert_eq!(ledger.settle([1, 2]), Some(up_to(2)));
        assert_eq!(ledger.settle([4]), Some(one(4)));
    }

    #[test]
    fn nothing_is_acknowledged_twice() {
        let mut ledger = AckLedger::default();
        ledger.settle([1, 3]);
        ledger.tell();
        assert_eq!(ledger.settle([1, 3]), None);
        assert!(!ledger.holds());
    }

    /// A broker that knows which tags it waits for and closes the channel on any other.
    struct Model {
        waiting: BTreeSet<u64>,
    }

    impl Model {
        fn take(&mut self, frame: AckFrame) {
            assert!(
                self.waiting.remove(&frame.tag),
                "unknown delivery tag {}",
                frame.tag
            );
            if frame.multiple {
                self.waiting.retain(|tag| *tag > frame.tag);
            }
        }
    }

    proptest! {
        #[test]
        fn exactly_what_was_settled_is_acknowledged(batches in prop::collection::vec(
            (prop::collection::vec(1_u64..60, 0..12), any::<bool>()), 0..20))
        {
            let mut ledger = AckLedger::default();
            let mut model = Model { waiting: (1..60).collect() };
            let mut settled = BTreeSet::new();
            for (batch, impatient) in batches {
                settled.extend(batch.iter().copied());
                if let Some(frame) = ledger.settle(batch) {
                    model.take(frame);
                }
                if impatient {
                    for frame in ledger.tell() {
                        model.take(frame);
                    }
                    prop_assert!(!ledger.holds());
                }
                let waiting: BTreeSet<u64> = (1..60).filter(|tag| !settled.contains(tag)).collect();
                if ledger.holds() {
                    prop_assert!(model.waiting.is_superset(&waiting));
                } else {
                    prop_assert_eq!(&model.waiting, &waiting);
                }
            }
        }
    }
}

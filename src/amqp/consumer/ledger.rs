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
#[derive(Debug, Default)]
pub(super) struct AckLedger {
    /// All up to here are acknowledged.
    prefix: u64,
    /// Acknowledged ones behind a gap.
    beyond: BTreeSet<u64>,
}

impl AckLedger {
    /// Takes tags as done and says which frames tell it to the broker. `multiple` is only ever used over a prefix
    /// without a gap, and always names a tag the broker still waits for: anything else would close the channel.
    pub(super) fn settle(&mut self, tags: impl IntoIterator<Item = u64>) -> Vec<AckFrame> {
        let new: BTreeSet<u64> = tags
            .into_iter()
            .filter(|tag| *tag > self.prefix && !self.beyond.contains(tag))
            .collect();
        let mut frames = Vec::new();
        let mut end = self.prefix;
        let mut covered = 0_u32;
        let mut last_new = 0;
        while new.contains(&(end + 1)) || self.beyond.contains(&(end + 1)) {
            end += 1;
            if new.contains(&end) {
                covered += 1;
                last_new = end;
            }
        }
        if covered > 0 {
            frames.push(AckFrame {
                tag: last_new,
                multiple: covered > 1,
            });
        }
        self.prefix = end;
        self.beyond.retain(|tag| *tag > end);
        for tag in new.into_iter().filter(|tag| *tag > end) {
            frames.push(AckFrame { tag, multiple: false });
            self.beyond.insert(tag);
        }
        frames
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
        assert_eq!(ledger.settle(1..=500), [up_to(500)]);
        assert_eq!(ledger.settle(501..=501), [one(501)]);
    }

    #[test]
    fn a_gap_is_never_acknowledged() {
        let mut ledger = AckLedger::default();
        assert_eq!(ledger.settle([1, 2, 4, 5]), [up_to(2), one(4), one(5)]);
        assert_eq!(ledger.settle([3]), [one(3)]);
        assert_eq!(ledger.settle([6, 7]), [up_to(7)]);
    }

    #[test]
    fn closing_a_gap_names_a_tag_the_broker_still_waits_for() {
        let mut ledger = AckLedger::default();
        assert_eq!(ledger.settle([3]), [one(3)]);
        assert_eq!(ledger.settle([1, 2]), [up_to(2)]);
        assert_eq!(ledger.settle([4]), [one(4)]);
    }

    #[test]
    fn nothing_is_acknowledged_twice() {
        let mut ledger = AckLedger::default();
        ledger.settle([1, 3]);
        assert_eq!(ledger.settle([1, 3]), []);
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
            prop::collection::vec(1_u64..60, 0..12), 0..20))
        {
            let mut ledger = AckLedger::default();
            let mut model = Model { waiting: (1..60).collect() };
            let mut settled = BTreeSet::new();
            for batch in batches {
                settled.extend(batch.iter().copied());
                for frame in ledger.settle(batch) {
                    model.take(frame);
                }
                let expected: BTreeSet<u64> = (1..60).filter(|tag| !settled.contains(tag)).collect();
                prop_assert_eq!(&model.waiting, &expected);
            }
        }
    }
}

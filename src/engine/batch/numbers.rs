//! The protocol numbers of a batch: counted once its submissions are judged, drawn at once, given in order.

use std::collections::BTreeMap;

use super::{Batch, OpeningState};
use crate::domain::calendar::rome_date;
use crate::domain::protocol::{ProtocolNumber, ProtocolOffice};

impl Batch<'_> {
    pub(in crate::engine) fn numbers_needed(&self) -> BTreeMap<(ProtocolOffice, i32), i32> {
        let year = self.year();
        let mut counts = BTreeMap::new();
        for state in self.opening.values() {
            if let OpeningState::Judged(_, office) = state {
                *counts.entry((office.clone(), year)).or_insert(0) += 1;
            }
        }
        counts
    }

    fn year(&self) -> i32 {
        use chrono::Datelike as _;
        rome_date(self.ledger.now).year()
    }

    pub(in crate::engine) fn give_numbers(&mut self, mut next: BTreeMap<(ProtocolOffice, i32), i32>) {
        let (year, today) = (self.year(), rome_date(self.ledger.now));
        let mut judged: Vec<usize> = self.opening.keys().copied().collect();
        judged.sort_unstable();
        for index in judged {
            let state = match self.opening.remove(&index) {
                Some(OpeningState::Judged(accepted, office)) => {
                    let drawn = next.get_mut(&(office.clone(), year)).map(|number| {
                        *number += 1;
                        *number - 1
                    });
                    match drawn.and_then(|number| u32::try_from(number).ok()) {
                        Some(sequence) => {
                            let number = ProtocolNumber::new(office, today, sequence);
                            OpeningState::Numbered(accepted, number)
                        }
                        None => OpeningState::Judged(accepted, office),
                    }
                }
                Some(other) => other,
                None => continue,
            };
            self.opening.insert(index, state);
        }
    }
}

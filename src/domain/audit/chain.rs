//! Walking the chain from its beginning, link by link, and naming every place where it does not hold.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{ChainHash, Expiry, Record};

/// A link as it is kept: which row stands at which place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub position: u64,
    pub audit_id: i64,
    pub audit_at: DateTime<Utc>,
    pub hash: ChainHash,
}

/// The last link of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Head {
    pub position: u64,
    pub hash: ChainHash,
}

/// A place where the chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    #[error("row {audit_id} was changed, or moved to another place")]
    Changed { position: u64, audit_id: i64 },
    #[error("row {audit_id} was removed")]
    Removed { position: u64, audit_id: i64 },
    #[error("links were removed before position {position}")]
    Gap { position: u64 },
    #[error("row {audit_id} was put in beside the chain")]
    Unchained { audit_id: i64 },
    #[error(
        "the published head is in no link: rows were removed from the end, or the chain was written anew"
    )]
    HeadMissing,
}

/// A walk along the chain.
#[derive(Debug)]
pub struct Walk {
    head: Head,
    expired_before: Option<DateTime<Utc>>,
    expired: u64,
    faults: Vec<Fault>,
    wanted: Option<ChainHash>,
}

/// What a walk came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub head: Head,
    pub faults: Vec<Fault>,
    /// Links whose rows were kept long enough and dropped.
    pub expired: u64,
}

impl Walk {
    /// Begins before the first link, or after what was dropped; `wanted` is a head that was published before.
    pub fn new(expiry: Option<Expiry>, wanted: Option<ChainHash>) -> Self {
        let head = expiry.map_or(
            Head {
                position: 0,
                hash: ChainHash::BEGINNING,
            },
            |expiry| expiry.head,
        );
        Self {
            head,
            expired_before: expiry.map(|expiry| expiry.before),
            expired: 0,
            faults: Vec::new(),
            wanted: wanted.filter(|wanted| *wanted != head.hash),
        }
    }

    /// The next link, with its row if that is there. A link that does not hold is taken as it stands, so that what
    /// follows is judged by itself.
    pub fn step(&mut self, link: &Link, record: Option<&Record>) {
        let position = link.position;
        if position != self.head.position + 1 {
            self.faults.push(Fault::Gap { position });
        } else if record.is_none() && self.expired_before.is_some_and(|before| link.audit_at < before) {
            self.expired += 1;
        } else {
            let audit_id = link.audit_id;
            match record {
                None => self.faults.push(Fault::Removed { position, audit_id }),
                Some(record) if self.head.hash.next(position, Some(record)) != link.hash => {
                    self.faults.push(Fault::Changed { position, audit_id });
                }
                Some(_) => {}
            }
        }
        if self.wanted == Some(link.hash) {
            self.wanted = None;
        }
        self.head = Head {
            position,
            hash: link.hash,
        };
    }

    /// Ends after the last link; `unchained` is a row no link and no waiting list knows.
    pub fn end(mut self, unchained: Vec<i64>) -> Verdict {
        let put_in = unchained
            .into_iter()
            .map(|audit_id| Fault::Unchained { audit_id });
        self.faults.extend(put_in);
        if self.wanted.is_some() {
            self.faults.push(Fault::HeadMissing);
        }
        Verdict {
            head: self.head,
            faults: self.faults,
            expired: self.expired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;

    fn chain(length: i64) -> Vec<(Link, Record)> {
        let mut hash = ChainHash::BEGINNING;
        (1..=length)
            .map(|id| {
                let (record, position) = (record(id), id.unsigned_abs());
                hash = hash.next(position, Some(&record));
                let link = Link {
                    position,
                    audit_id: id,
                    audit_at: record.at,
                    hash,
                };
                (link, record)
            })
            .collect()
    }

    fn walk(chain: &[(Link, Record)], wanted: Option<ChainHash>) -> Vec<Fault> {
        let mut walk = Walk::new(None, wanted);
        for (link, record) in chain {
            walk.step(link, Some(record));
        }
        walk.end(Vec::new()).faults
    }

    #[test]
    fn a_whole_chain_holds() {
        let chain = chain(5);
        assert_eq!(walk(&chain, Some(chain[2].0.hash)), []);
        assert_eq!(walk(&[], Some(ChainHash::BEGINNING)), []);
    }

    #[test]
    fn what_was_changed_or_exchanged_is_named() {
        let mut changed = chain(5);
        changed[2].1.actor = Some("somebody else".to_owned());
        let fault = |position, audit_id| Fault::Changed { position, audit_id };
        assert_eq!(walk(&changed, None), [fault(3, 3)]);
        let mut exchanged = chain(4);
        let (first, second) = (exchanged[1].1.clone(), exchanged[2].1.clone());
        (exchanged[1].1, exchanged[2].1) = (second, first);
        assert_eq!(walk(&exchanged, None), [fault(2, 2), fault(3, 3)]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let whole = chain(5);
        let mut short = whole.clone();
        short.remove(2);
        assert_eq!(walk(&short, None), [Fault::Gap { position: 4 }]);
        let mut removed = Walk::new(None, None);
        for (link, record) in &whole {
            removed.step(link, (link.position != 2).then_some(record));
        }
        let verdict = removed.end(vec![9]);
        let expected = [
            Fault::Removed {
                position: 2,
                audit_id: 2,
            },
            Fault::Unchained { audit_id: 9 },
        ];
        assert_eq!(verdict.faults, expected);
    }

    #[test]
    fn only_a_published_head_shows_that_the_end_is_gone() {
        let whole = chain(5);
        assert_eq!(walk(&whole[..3], None), []);
        assert_eq!(walk(&whole[..3], Some(whole[4].0.hash)), [Fault::HeadMissing]);
    }

    #[test]
    fn what_was_kept_long_enough_may_be_missing() {
        let whole = chain(5);
        let expiry = Expiry {
            before: whole[0].1.at + chrono::TimeDelta::microseconds(1),
            head: Head {
                position: 2,
                hash: whole[1].0.hash,
            },
        };
        let mut walk = Walk::new(Some(expiry), None);
        walk.step(&whole[2].0, None);
        walk.step(&whole[3].0, Some(&whole[3].1));
        let verdict = walk.end(Vec::new());
        assert_eq!((verdict.faults, verdict.expired), (vec![], 1));
    }
}

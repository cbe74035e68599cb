//! A row of the audit as it is kept, and its place in the chain: `hash(n) = SHA-256(hash(n - 1), n, row)`.
//!
//! Plain texts rather than our own types: a row somebody changed must still be readable, to be named.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::domain::ids::InvalidId;

/// A row of the audit, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub actor: Option<String>,
    pub capacity: String,
    pub patronato: Option<String>,
    pub office: Option<String>,
    pub sede: Option<String>,
    pub action: String,
    pub outcome: String,
    pub code: Option<String>,
    pub requests: Vec<Uuid>,
    pub persons: Vec<String>,
    pub correlation: Option<String>,
}

/// A link of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHash([u8; 32]);

impl ChainHash {
    /// What stands before the first row.
    pub const BEGINNING: Self = Self([0; 32]);

    /// The link after this one. Without a record: of a row that was gone before it could be chained.
    #[must_use]
    pub fn next(self, position: u64, record: Option<&Record>) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        hasher.update(position.to_be_bytes());
        if let Some(record) = record {
            record.write(&mut hasher);
        }
        Self(hasher.finalize().into())
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its first 48 bits, which a metric holds without loss.
    pub fn fingerprint(&self) -> u64 {
        let six = self.0.iter().take(6);
        six.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

impl TryFrom<&[u8]> for ChainHash {
    type Error = std::array::TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for ChainHash {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        let pairs = text.as_bytes().chunks_exact(2);
        let whole = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            *byte = pair.iter().fold(0, |value, digit| {
                value << 4 | u8::try_from(char::from(*digit).to_digit(16).unwrap_or(0)).unwrap_or(0)
            });
        }
        whole.then_some(Self(bytes)).ok_or(InvalidId {
            kind: "hash",
            expected: "64 hexadecimal digits",
        })
    }
}

impl Serialize for ChainHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Record {
    /// Every field with its length, so that no two rows are written alike.
    fn write(&self, hasher: &mut Sha256) {
        hasher.update(self.id.to_be_bytes());
        // As exact as the database keeps it.
        hasher.update(self.at.timestamp_micros().to_be_bytes());
        for field in [
            self.actor.as_deref(),
            Some(&self.capacity),
            self.patronato.as_deref(),
            self.office.as_deref(),
            self.sede.as_deref(),
            Some(&self.action),
            Some(&self.outcome),
            self.code.as_deref(),
            self.correlation.as_deref(),
        ] {
            match field {
                None => hasher.update([0]),
                Some(text) => {
                    hasher.update([1]);
                    sized(hasher, text.as_bytes());
                }
            }
        }
        count(hasher, self.requests.len());
        self.requests.iter().for_each(|id| hasher.update(id.as_bytes()));
        count(hasher, self.persons.len());
        self.persons.iter().for_each(|id| sized(hasher, id.as_bytes()));
    }
}

fn sized(hasher: &mut Sha256, bytes: &[u8]) {
    count(hasher, bytes.len());
    hasher.update(bytes);
}

fn count(hasher: &mut Sha256, count: usize) {
    hasher.update(u64::try_from(count).unwrap_or(u64::MAX).to_be_bytes());
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::domain::audit) fn record(id: i64) -> Record {
        Record {
            id,
            at: "2026-11-23T09:00:00.123456Z".parse().unwrap(),
            actor: Some("op1".to_owned()),
            capacity: "patronato".to_owned(),
            patronato: Some("inca".to_owned()),
            office: Some("INCA-RM-001".to_owned()),
            sede: None,
            action: "GET /api/v1/requests/{id}".to_owned(),
            outcome: "done".to_owned(),
            code: Some("200".to_owned()),
            requests: vec![Uuid::from_u128(7)],
            persons: vec!["P-1".to_owned()],
            correlation: None,
        }
    }

    #[test]
    fn a_hash_never_changes_its_meaning() {
        // Kept chains depend on it.
        let hash = ChainHash::BEGINNING.next(1, Some(&record(1)));
        insta::assert_snapshot!(hash, @"68e9f4bf1987f0506393590865405b8825aa21b7e99e50cf5f5b2cfed37446ca");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(format!("{:012x}", hash.fingerprint()), hash.to_string()[..12]);
        assert!("xyz".parse::<ChainHash>().is_err());
    }

    #[test]
    fn every_field_counts() {
        let changes: [fn(&mut Record); 14] = [
            |r| r.id += 1,
            |r| r.at += chrono::TimeDelta::microseconds(1),
            |r| r.actor = None,
            |r| r.capacity.push('x'),
            |r| r.patronato = None,
            |r| r.office = Some(String::new()),
            |r| r.sede = Some(String::new()),
            |r| r.action.push(' '),
            |r| r.outcome = "denied".to_owned(),
            |r| r.code = Some("404".to_owned()),
            |r| r.requests.clear(),
            |r| r.persons.push(String::new()),
            |r| r.correlation = Some("x".to_owned()),
            |r| std::mem::swap(&mut r.patronato, &mut r.office),
        ];
        let whole = ChainHash::BEGINNING.next(1, Some(&record(1)));
        for (number, change) in changes.into_iter().enumerate() {
            let mut other = record(1);
            change(&mut other);
            assert_ne!(
                ChainHash::BEGINNING.next(1, Some(&other)),
                whole,
                "change {number}"
            );
        }
        assert_ne!(ChainHash::BEGINNING.next(2, Some(&record(1))), whole);
        assert_ne!(whole.next(1, Some(&record(1))), whole);
        assert_ne!(ChainHash::BEGINNING.next(1, None), whole);
    }
}

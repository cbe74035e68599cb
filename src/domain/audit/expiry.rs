//! What the audit says of its own rows that were kept long enough: from when on it is whole, and the link before.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::{AuditAction, AuditEntry, AuditOutcome, Head, Standing};
use crate::domain::ids::InvalidId;

/// The action such a row has.
const ACTION: &str = "audit.expire";

/// Rows before a time were dropped, and links up to a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    pub before: DateTime<Utc>,
    /// The last link that was dropped.
    pub head: Head,
}

impl Expiry {
    pub const ACTION: &str = ACTION;

    /// The row that says so; itself a link of the chain that goes on.
    pub fn entry(self) -> AuditEntry {
        AuditEntry {
            actor: None,
            standing: Standing::Engine,
            action: AuditAction::parse(ACTION).expect("a plain word"),
            outcome: AuditOutcome::Done,
            code: None,
            requests: Vec::new(),
            persons: Vec::new(),
            correlation: Some(self.to_string()),
        }
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { position, hash } = self.head;
        write!(f, "{} {position} {hash}", self.before.to_rfc3339())
    }
}

impl FromStr for Expiry {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || InvalidId {
            kind: "expiry",
            expected: "a time, a position and a hash",
        };
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or_else(wrong);
        let before = word()?.parse().map_err(|_| wrong())?;
        let position = word()?.parse().map_err(|_| wrong())?;
        let hash = word()?.parse()?;
        Ok(Self {
            before,
            head: Head { position, hash },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::ChainHash;
    use super::*;

    #[test]
    fn an_expiry_reads_back_what_it_wrote() {
        let expiry = Expiry {
            before: "2026-05-01T00:00:00Z".parse().unwrap(),
            head: Head {
                position: 17,
                hash: ChainHash::BEGINNING.next(17, None),
            },
        };
        assert_eq!(expiry.entry().correlation.unwrap().parse(), Ok(expiry));
        assert!("2026-05-01T00:00:00Z 17".parse::<Expiry>().is_err());
    }
}

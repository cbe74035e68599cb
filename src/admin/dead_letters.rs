//! Dead letters: looked at without the people in them, worked again, closed.

mod export;
mod fate;
mod masked;
mod rehearsal;
mod replay;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::store::{DeadLetter, DeadLetterId, DeadLetterMatch, DeadLetterSummary, Store, StoreError};

pub use export::exported;
pub use fate::{Fate, Replayed};
pub use rehearsal::{Rehearsed, Unfit};
pub use replay::Replay;

/// Ids asked for at once.
const PAGE: u16 = 1_000;

/// A dead letter as people look at it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DeadLetterSheet {
    #[serde(flatten)]
    pub letter: DeadLetterSummary,
    pub body_sha256: String,
    pub properties: Value,
    pub headers: Value,
    /// Its keys, with the values masked; `null`: it is no JSON.
    pub body_masked: Option<Value>,
}

impl From<DeadLetter> for DeadLetterSheet {
    fn from(letter: DeadLetter) -> Self {
        Self {
            letter: letter.summary,
            body_sha256: format!("{:x}", Sha256::digest(&letter.body)),
            properties: letter.properties,
            headers: letter.headers,
            body_masked: masked::masked(&letter.body),
        }
    }
}

/// What waits for a decision, the oldest first.
pub async fn waiting(store: &Store, matching: &DeadLetterMatch) -> Result<Vec<DeadLetterId>, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = store
            .open_dead_letters(matching, all.last().copied(), PAGE)
            .await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

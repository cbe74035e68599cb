//! Dead letters whole, one JSON object a line, to be worked on elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::store::{DeadLetter, DeadLetterId, DeadLetterSummary, Store, StoreError};

/// A dead letter with every byte that came.
#[derive(Debug, Serialize)]
struct Exported {
    #[serde(flatten)]
    letter: DeadLetterSummary,
    properties: Value,
    headers: Value,
    body_base64: String,
}

impl From<DeadLetter> for Exported {
    fn from(letter: DeadLetter) -> Self {
        Self {
            letter: letter.summary,
            properties: letter.properties,
            headers: letter.headers,
            body_base64: STANDARD.encode(&letter.body),
        }
    }
}

/// The line of one; nothing if it was forgotten meanwhile. One at a time, for each may be as large as a message can be.
pub async fn exported(store: &Store, id: DeadLetterId) -> Result<Vec<u8>, StoreError> {
    let mut line = Vec::new();
    for letter in store.dead_letters(&[id]).await? {
        let letter = serde_json::to_vec(&Exported::from(letter));
        line.extend(letter.expect("a struct of texts and JSON is always JSON"));
        line.push(b'\n');
    }
    Ok(line)
}

//! What the sender of a command was told, kept to be told again.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An event told to a portal or a sede. Its body is JSON as it was written once: the queue, the inbox and a caller get
/// the same text, and nobody takes it apart on the way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    #[serde(rename = "type")]
    pub kind: String,
    pub body: Arc<RawValue>,
}

impl Answer {
    pub fn new(kind: &str, body: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self {
            kind: kind.to_owned(),
            body: serde_json::value::to_raw_value(body)?.into(),
        })
    }

    /// The body as it goes over the wire.
    pub fn text(&self) -> &str {
        self.body.get()
    }

    /// The body as whoever asks understands it; `None` where it says something else.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.text()).ok()
    }
}

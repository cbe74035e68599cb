//! A message's properties and headers as plain data of our own: what the envelope checks and what a dead letter
//! keeps. They survive a round trip through JSON, so that a dead letter can be read again as it came.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

mod header_json;

/// Properties of a message as its publisher set them. Nothing here is trusted.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Properties {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The `type` property.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// Checked by the broker against the connection's user, when set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<String>,
    /// Seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_mode: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// Kept apart from the properties in JSON.
    #[serde(skip)]
    pub headers: Headers,
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Properties")
            .field("headers", &self.headers.0.len())
            .finish_non_exhaustive()
    }
}

/// The header table.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(pub BTreeMap<String, HeaderValue>);

impl Headers {
    pub fn get(&self, name: &str) -> Option<&HeaderValue> {
        self.0.get(name)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Headers({})", self.0.len())
    }
}

/// One value of the header table. Integers of every width are one kind.
#[derive(Clone, PartialEq)]
pub enum HeaderValue {
    Bool(bool),
    Integer(i64),
    Float(f64),
    /// A decimal number: `value` with its point moved `scale` places to the left.
    Decimal {
        scale: u8,
        value: u32,
    },
    Text(String),
    /// Bytes, or a text that is not UTF-8.
    Bytes(Vec<u8>),
    /// Seconds since the epoch.
    Timestamp(u64),
    List(Vec<HeaderValue>),
    Table(BTreeMap<String, HeaderValue>),
    Void,
}

impl HeaderValue {
    pub const fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            Self::Bool(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::Decimal { .. }
            | Self::Bytes(_)
            | Self::Timestamp(_)
            | Self::List(_)
            | Self::Table(_)
            | Self::Void => None,
        }
    }
}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderValue")
    }
}

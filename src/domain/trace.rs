//! The W3C trace context a message brings along and everything it causes carries on.

use serde::{Deserialize, Serialize};

/// A `traceparent` of the W3C form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceParent(pub Box<str>);

impl TraceParent {
    /// None for what does not have the form: a trace that cannot be read is not continued.
    pub fn parse(text: &str) -> Option<Self> {
        has_form(text).then(|| Self(text.into()))
    }
}

/// Version `00` has four fields; later ones may append more, but what stands today keeps its place.
fn has_form(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut field = |length| parts.next().filter(|part| is_hex(part, length));
    let (version, trace, parent, flags) = (field(2), field(32), field(16), field(2));
    let named = |id: Option<&str>| id.is_some_and(|id| id.bytes().any(|digit| digit != b'0'));
    let complete = named(trace) && named(parent) && flags.is_some();
    match version {
        Some("00") => complete && parts.next().is_none(),
        Some("ff") | None => false,
        Some(_) => complete && text.len() <= 128 && text.is_ascii(),
    }
}

fn is_hex(part: &str, length: usize) -> bool {
    part.len() == length
        && part
            .bytes()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

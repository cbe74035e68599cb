//! CloudEvents 1.0, structured JSON: `id`, `type`, `data` and `traceparent` stand for message id, type, body and header.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Fault, Part, json, labels};
use crate::domain::dead_letter::DeadLetterReason as Reason;
use crate::domain::trace::TraceParent;

/// The attributes that matter here. Who published is proven by the routing key, so `source` is not asked.
#[derive(Deserialize)]
struct CloudEvent<'a> {
    #[serde(borrow)]
    specversion: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    datacontenttype: Option<&'a RawValue>,
    /// Of the extension for distributed tracing.
    #[serde(borrow)]
    traceparent: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Option<&'a RawValue>,
}

/// Takes the command out of its cloud event.
pub(super) fn open(document: &str) -> Result<Part<'_>, Fault> {
    let shape = json::check(document, json::BodyAt::Member)?;
    let wrong = |detail: &str| Fault::new(Reason::WrongContentType, detail);
    if !document.trim_ascii_start().starts_with('{') {
        return Err(wrong("not a cloud event"));
    }
    let event: CloudEvent<'_> = serde_json::from_str(document).map_err(|_| wrong("not a cloud event"))?;
    if event.specversion.and_then(string).as_deref() != Some("1.0") {
        return Err(wrong("not a cloud event of specversion 1.0"));
    }
    if let Some(stated) = event.datacontenttype
        && !string(stated).is_some_and(|stated| labels::is_media_type(&stated, "application/json"))
    {
        return Err(wrong("the data of the cloud event is not application/json"));
    }
    if event.data_base64.is_some() {
        return Err(Fault::new(
            Reason::WrongContentEncoding,
            "the data of the cloud event is in base64",
        ));
    }
    Ok(Part {
        message_id: event.id.and_then(string),
        kind: event.kind.and_then(string),
        trace_parent: event
            .traceparent
            .and_then(string)
            .and_then(|text| TraceParent::parse(&text)),
        body: event.data.map_or("{}", RawValue::get),
        shape,
    })
}

fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text: Text<'_> = serde_json::from_str(raw.get()).ok()?;
    Some(text.0)
}

/// A text, borrowed where it holds no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

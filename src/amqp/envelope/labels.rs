//! The checks on what surrounds a body: size, headers, content type and encoding, id, type, version, trace.

use super::Fault;
use crate::amqp::guard;
use crate::amqp::message::{HeaderValue, Headers, Properties};
use crate::domain::command::CommandKind;
use crate::domain::dead_letter::DeadLetterReason as Reason;
use crate::domain::ids::MessageId;
use crate::domain::trace::TraceParent;

/// Header entries at most, nested ones counted.
pub(super) const MAX_HEADERS: usize = 128;
/// Bytes of header names and values at most.
pub(super) const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Tables and lists within each other at most; the broker's own `x-death` needs three.
pub(super) const MAX_HEADER_DEPTH: usize = 4;
/// The newest form of commands this engine reads.
pub(super) const SCHEMA_VERSION: i64 = 1;

/// How a message says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Id and type are properties, the body is the command's.
    Plain,
    /// Id, type and body are in a CloudEvents envelope.
    CloudEvent,
}

pub(super) fn check_size(body: &[u8], limit: usize) -> Result<(), Fault> {
    if body.len() <= limit {
        return Ok(());
    }
    Err(Fault::new(
        Reason::TooLarge,
        format!("{} bytes, {limit} allowed", body.len()),
    ))
}

pub(super) fn check_headers(headers: &Headers) -> Result<(), Fault> {
    if let Some(reason) = headers.get(guard::UNREADABLE) {
        // Its own properties could not even be read; the guard put them into a header.
        let reason = reason
            .as_text()
            .and_then(Reason::from_word)
            .unwrap_or(Reason::TooManyHeaders);
        return Err(Fault::new(reason, "the properties cannot be read"));
    }
    let mut budget = Budget {
        entries: MAX_HEADERS,
        bytes: MAX_HEADER_BYTES,
    };
    let within = headers
        .0
        .iter()
        .all(|(name, value)| budget.takes(name, value, MAX_HEADER_DEPTH));
    if within {
        return Ok(());
    }
    let allowed = format!(
        "more than {MAX_HEADERS} headers, {MAX_HEADER_BYTES} bytes of them, or {MAX_HEADER_DEPTH} levels of nesting"
    );
    Err(Fault::new(Reason::TooManyHeaders, allowed))
}

/// What headers may still use up.
struct Budget {
    entries: usize,
    bytes: usize,
}

impl Budget {
    fn takes(&mut self, name: &str, value: &HeaderValue, depth: usize) -> bool {
        let size = name.len()
            + match value {
                HeaderValue::Text(text) => text.len(),
                HeaderValue::Bytes(bytes) => bytes.len(),
                HeaderValue::Bool(_)
                | HeaderValue::Integer(_)
                | HeaderValue::Float(_)
                | HeaderValue::Decimal { .. }
                | HeaderValue::Timestamp(_)
                | HeaderValue::Void
                | HeaderValue::List(_)
                | HeaderValue::Table(_) => 8,
            };
        let (Some(entries), Some(bytes)) = (self.entries.checked_sub(1), self.bytes.checked_sub(size)) else {
            return false;
        };
        (self.entries, self.bytes) = (entries, bytes);
        match value {
            HeaderValue::List(_) | HeaderValue::Table(_) if depth == 0 => false,
            HeaderValue::List(items) => items.iter().all(|item| self.takes("", item, depth - 1)),
            HeaderValue::Table(fields) => fields
                .iter()
                .all(|(name, item)| self.takes(name, item, depth - 1)),
            HeaderValue::Bool(_)
            | HeaderValue::Integer(_)
            | HeaderValue::Float(_)
            | HeaderValue::Decimal { .. }
            | HeaderValue::Text(_)
            | HeaderValue::Bytes(_)
            | HeaderValue::Timestamp(_)
            | HeaderValue::Void => true,
        }
    }
}

pub(super) fn form(properties: &Properties) -> Result<Form, Fault> {
    match properties
        .content_encoding
        .as_deref()
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        None | Some("" | "identity" | "utf-8" | "utf8") => {}
        Some(_) => return Err(Fault::new(Reason::WrongContentEncoding, "only identity is read")),
    }
    let wrong = || {
        Fault::new(
            Reason::WrongContentType,
            "expected application/json or application/cloudevents+json",
        )
    };
    let content_type = properties.content_type.as_deref().ok_or_else(wrong)?;
    if is_media_type(content_type, "application/json") {
        Ok(Form::Plain)
    } else if is_media_type(content_type, "application/cloudevents+json") {
        Ok(Form::CloudEvent)
    } else {
        Err(wrong())
    }
}

/// Whether a content type is the wanted one, with no parameter but `charset=utf-8`.
pub(super) fn is_media_type(content_type: &str, wanted: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    media_type.eq_ignore_ascii_case(wanted)
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

pub(super) fn message_id(stated: Option<&str>) -> Result<MessageId, Fault> {
    let Some(text) = stated else {
        return Err(Fault::new(Reason::MissingMessageId, "there is none"));
    };
    MessageId::parse(text).map_err(|invalid| Fault::new(Reason::MissingMessageId, invalid.to_string()))
}

pub(super) fn kind(stated: Option<&str>, routed: Option<&str>) -> Result<CommandKind, Fault> {
    let Some(stated) = stated else {
        return Err(Fault::new(Reason::UnknownType, "there is no type"));
    };
    let Some(kind) = CommandKind::from_word(stated) else {
        return Err(Fault::new(Reason::UnknownType, "no command has this type"));
    };
    match routed {
        Some(tail) if tail != kind.as_str() => Err(Fault::new(
            Reason::TypeMismatch,
            format!("the type is {kind}, the routing key says otherwise"),
        )),
        Some(_) | None => Ok(kind),
    }
}

/// Absent means 1. Some clients can only send text, so digits are a number too; anything else is no version we know.
pub(super) fn check_schema_version(headers: &Headers) -> Result<(), Fault> {
    let version = match headers.get("schema-version") {
        None => Some(SCHEMA_VERSION),
        Some(HeaderValue::Integer(version)) => Some(*version),
        Some(HeaderValue::Text(text)) => text.parse().ok(),
        Some(_) => None,
    };
    if version == Some(SCHEMA_VERSION) {
        return Ok(());
    }
    Err(Fault::new(
        Reason::SchemaTooNew,
        format!("this engine reads schema version {SCHEMA_VERSION}"),
    ))
}

/// The `traceparent` header if it can be read.
pub(super) fn trace_parent(headers: &Headers) -> Option<TraceParent> {
    TraceParent::parse(headers.get("traceparent")?.as_text()?)
}

//! From a delivery to a command, or to the exact reason why it is none. Pure: no broker, no clock, no database.
//!
//! The order of the checks is the order of trust: what the message is made of (size, headers, text, JSON), then what
//! it says it is (id, type, version), then who may say so, and only then what is in it. A message that fails up to
//! there is dead-lettered; one whose body has the wrong shape is understood and will be refused to its publisher.

mod body;
mod cloud_event;
mod json;
mod labels;
mod problems;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::message::Properties;
use crate::config::amqp::{AmqpSettings, Grant};
use crate::domain::command::{BodyHash, Command, CommandKind, Content, Envelope};
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::ids::{MessageId, PatronatoCode, RequestId, SedeCode, Source};
use crate::domain::trace::TraceParent;

pub use body::{BodyFault, decode_body};

/// What one message brings to the border.
#[derive(Debug, Clone, Copy)]
pub struct RawDelivery<'a> {
    pub routing_key: &'a str,
    pub properties: &'a Properties,
    pub body: &'a [u8],
}

/// What is accepted, by configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeRules {
    pub max_body_bytes: usize,
    pub publishers: Publishers,
}

/// Whether the broker's word about who published is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publishers {
    /// The routing key alone is the identity: topic permissions guard it.
    ByRoutingKey,
    /// Besides, the `user_id` must be granted that identity.
    ByUser(BTreeMap<String, Vec<Grant>>),
}

impl From<&AmqpSettings> for DecodeRules {
    fn from(settings: &AmqpSettings) -> Self {
        let publishers = if settings.require_user_id {
            Publishers::ByUser(settings.user_map.clone())
        } else {
            Publishers::ByRoutingKey
        };
        Self {
            max_body_bytes: settings.max_body_bytes,
            publishers,
        }
    }
}

/// Why a message is dead-lettered, and as much of its origin as could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub reason: DeadLetterReason,
    /// What exactly was wrong; never personal data.
    pub detail: String,
    /// Whom the routing key names, proven or not.
    pub source: Option<Source>,
    pub message_id: Option<MessageId>,
}

impl std::fmt::Display for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)
    }
}

impl std::error::Error for Rejected {}

/// A reason with its detail, before the origin is added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Fault {
    pub reason: DeadLetterReason,
    pub detail: String,
}

impl Fault {
    fn new(reason: DeadLetterReason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }
}

/// Reads a delivery.
pub fn decode(delivery: &RawDelivery<'_>, rules: &DecodeRules) -> Result<Envelope, Rejected> {
    let mut message_id = delivery
        .properties
        .message_id
        .as_deref()
        .and_then(|id| MessageId::parse(id).ok());
    read(delivery, rules, &mut message_id).map_err(|Fault { reason, detail }| Rejected {
        reason,
        detail,
        source: Route::parse(delivery.routing_key).map(|route| route.source),
        message_id,
    })
}

fn read(
    delivery: &RawDelivery<'_>,
    rules: &DecodeRules,
    message_id: &mut Option<MessageId>,
) -> Result<Envelope, Fault> {
    let properties = delivery.properties;
    labels::check_size(delivery.body, rules.max_body_bytes)?;
    labels::check_headers(&properties.headers)?;
    let form = labels::form(properties)?;
    let text = json::text(delivery.body)?;
    let part = match form {
        labels::Form::Plain => {
            let shape = json::check(text, json::BodyAt::Top)?;
            let message_id = properties.message_id.as_deref().map(Cow::Borrowed);
            let kind = properties.kind.as_deref().map(Cow::Borrowed);
            Part {
                message_id,
                kind,
                trace_parent: None,
                body: text,
                shape,
            }
        }
        labels::Form::CloudEvent => {
            *message_id = None;
            cloud_event::open(text)?
        }
    };
    let id = labels::message_id(part.message_id.as_deref())?;
    *message_id = Some(id.clone());
    let route = Route::parse(delivery.routing_key);
    let kind = labels::kind(part.kind.as_deref(), route.as_ref().map(|route| route.command))?;
    labels::check_schema_version(&properties.headers)?;
    let source = authorise(route, kind, properties.user_id.as_deref(), &rules.publishers)?;
    let (content, request_id) = content(kind, &part, &source)?;
    Ok(Envelope {
        body_hash: hash(kind, part.body),
        trace_parent: part
            .trace_parent
            .or_else(|| labels::trace_parent(&properties.headers)),
        request_id: request_id.or_else(|| derived(kind, &source, &id)),
        message_id: id,
        source,
        content,
    })
}

/// Another command under a used id is no repetition, even where its body is the same: `request.take` and
/// `request.release` carry nothing that tells them apart.
fn hash(kind: CommandKind, body: &str) -> BodyHash {
    let mut hasher = Sha256::new();
    hasher.update(kind.as_str());
    hasher.update("\n");
    hasher.update(body);
    BodyHash(hasher.finalize().into())
}

/// The part of a message that commands are made of: the message itself, or what a cloud event wraps.
struct Part<'a> {
    message_id: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    trace_parent: Option<TraceParent>,
    body: &'a str,
    shape: json::Shape,
}

fn content(
    kind: CommandKind,
    part: &Part<'_>,
    source: &Source,
) -> Result<(Content, Option<RequestId>), Fault> {
    match body::read(kind, part.body, part.shape) {
        Ok(command) => {
            let patronato = match &command {
                Command::Submit(submit) => Some(submit.patronato.as_str()),
                _ => None,
            };
            check_patronato(patronato, source)?;
            let request_id = body::request_id(&command);
            Ok((Content::Command(command), request_id))
        }
        Err(broken) => {
            check_patronato(
                broken
                    .text_at("patronato")
                    .filter(|_| kind == CommandKind::Submit),
                source,
            )?;
            let request_id = broken.text_at("request_id").and_then(|text| text.parse().ok());
            Ok((
                Content::Invalid {
                    kind,
                    refusal: broken.refusal,
                },
                request_id,
            ))
        }
    }
}

/// A request sent without an id gets one that every retry of its message gets again.
fn derived(kind: CommandKind, source: &Source, id: &MessageId) -> Option<RequestId> {
    (kind == CommandKind::Submit).then(|| RequestId::derive(source, id))
}

/// A routing key taken apart: `portal.inca.request.submit`.
#[derive(Debug)]
struct Route<'a> {
    source: Source,
    command: &'a str,
}

impl<'a> Route<'a> {
    fn parse(routing_key: &'a str) -> Option<Self> {
        let (realm, rest) = routing_key.split_once('.')?;
        let (code, command) = rest.split_once('.').unwrap_or((rest, ""));
        let source = match realm {
            "portal" => Source::Portal(PatronatoCode::parse(code).ok()?),
            "sede" => Source::Sede(SedeCode::parse(code).ok()?),
            _ => return None,
        };
        Some(Self { source, command })
    }
}

fn authorise(
    route: Option<Route<'_>>,
    kind: CommandKind,
    user_id: Option<&str>,
    publishers: &Publishers,
) -> Result<Source, Fault> {
    let refuse = |detail: &str| Err(Fault::new(DeadLetterReason::PublisherNotAuthorised, detail));
    let Some(Route { source, .. }) = route else {
        return refuse("the routing key names neither a patronato nor a sede");
    };
    match (&source, kind.is_of_portal()) {
        (Source::Portal(_), true) | (Source::Sede(_), false) => {}
        (Source::Portal(_), false) => return refuse("a portal may not give a command of a sede"),
        (Source::Sede(_) | Source::Engine, _) => return refuse("a sede may not give a command of a portal"),
    }
    match (publishers, user_id) {
        (Publishers::ByRoutingKey, _) => Ok(source),
        (Publishers::ByUser(_), None) => refuse("the user_id property is missing"),
        (Publishers::ByUser(users), Some(user)) => {
            let granted = users
                .get(user)
                .is_some_and(|grants| grants.iter().any(|grant| grant.covers(&source)));
            if granted {
                Ok(source)
            } else {
                refuse("the user is not granted this patronato or sede")
            }
        }
    }
}

fn check_patronato(patronato: Option<&str>, source: &Source) -> Result<(), Fault> {
    match (patronato, source) {
        (Some(stated), Source::Portal(proven)) if stated != proven.as_str() => {
            let detail = "the body names another patronato than the routing key";
            Err(Fault::new(DeadLetterReason::PublisherNotAuthorised, detail))
        }
        _ => Ok(()),
    }
}

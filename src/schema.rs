//! Everything on the wire described from the Rust types themselves, so that description and engine cannot disagree:
//! a JSON Schema (2020-12) and an example for each message, and the AsyncAPI document of all.

mod asyncapi;
mod channels;
mod examples;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod types;

use std::fmt;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::domain::command::CommandKind;
use crate::domain::event::{PortalEvent, SedeMessage};

pub use asyncapi::asyncapi;

/// A kind of message, in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    Command(CommandKind),
    ToSede(SedeMessage),
    ToPortal(PortalEvent),
}

impl Message {
    /// Every kind there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let commands = CommandKind::ALL.iter().map(|kind| Self::Command(*kind));
        let to_sedi = SedeMessage::ALL.iter().map(|kind| Self::ToSede(*kind));
        let to_portals = PortalEvent::ALL.iter().map(|kind| Self::ToPortal(*kind));
        commands.chain(to_sedi).chain(to_portals)
    }

    /// The kind with this name: `request.submit`, `sede.request.assigned`, `portal.request.accepted`.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().find(|message| message.to_string() == name)
    }

    /// The `type` property.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Command(kind) => kind.as_str(),
            Self::ToSede(kind) => kind.as_str(),
            Self::ToPortal(kind) => kind.as_str(),
        }
    }

    /// The JSON Schema of its body. A command's says what may be left out, an outgoing one's what is always there.
    pub fn schema(self) -> Value {
        let settings = SchemaSettings::draft2020_12();
        let settings = match self {
            Self::Command(_) => settings.for_deserialize(),
            Self::ToSede(_) | Self::ToPortal(_) => settings.for_serialize(),
        };
        types::with_type(self, types::RootSchema(settings.into_generator()))
    }

    /// The schema of its body among those of a greater document.
    pub fn schema_within(self, generator: &mut SchemaGenerator) -> Schema {
        types::with_type(self, types::Reference(generator))
    }

    /// A body as it could be, about made-up people.
    pub fn example(self) -> Value {
        examples::example(self)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(kind) => kind.fmt(f),
            Self::ToSede(kind) => write!(f, "sede.{kind}"),
            Self::ToPortal(kind) => write!(f, "portal.{kind}"),
        }
    }
}

/// The names of all messages, as `usciere schema` takes them.
pub fn names() -> Vec<String> {
    Message::all().map(|message| message.to_string()).collect()
}

//! A message about to leave, whoever sends it: where to, under which id, with which headers (CONTRACT.md 1).

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::event::words;
use crate::domain::ids::{MessageId, PatronatoCode, RequestId, SedeCode};
use crate::domain::outgoing::{ToPortal, ToSede};
use crate::domain::trace::TraceParent;

words!(
    /// The exchanges, by what their name says after the prefix.
    Exchange {
        /// Portals and sedi publish here; of the engine only `usciere send` and replays.
        Commands = "commands",
        Sedi = "sedi",
        Events = "events",
    }
);

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub exchange: Exchange,
    pub routing_key: String,
    /// The same over every attempt to publish it.
    pub message_id: MessageId,
    /// The `type` property.
    pub kind: Cow<'static, str>,
    pub request: Option<RequestId>,
    /// The id of the message that caused this one.
    pub causation_id: Option<MessageId>,
    /// Towards sedi: 1, 2, 3 without a gap per request and sede.
    pub case_seq: Option<u32>,
    pub trace_parent: Option<TraceParent>,
    pub at: DateTime<Utc>,
    /// JSON.
    pub body: Bytes,
}

impl Exchange {
    /// The name at the broker.
    pub fn name(self, prefix: &str) -> String {
        format!("{prefix}.{self}")
    }
}

/// The routing key of everything for a sede: its queue has the same name.
pub fn key_of_sede(sede: &SedeCode) -> String {
    format!("sede.{sede}")
}

/// The queue of a portal; what is sent there has this and the event as routing key.
pub fn queue_of_portal(patronato: &PatronatoCode) -> String {
    format!("portal.{patronato}")
}

/// Where a message to a sede goes, and its body.
pub fn to_sede(sede: &SedeCode, message: &ToSede) -> Addressed {
    Addressed {
        exchange: Exchange::Sedi,
        routing_key: key_of_sede(sede),
        destination: key_of_sede(sede),
        kind: message.kind().as_str(),
        body: json(message),
    }
}

/// Where a message to a portal goes, and its body.
pub fn to_portal(patronato: &PatronatoCode, message: &ToPortal) -> Addressed {
    Addressed {
        exchange: Exchange::Events,
        routing_key: format!("{}.{}", queue_of_portal(patronato), message.kind()),
        destination: queue_of_portal(patronato),
        kind: message.kind().as_str(),
        body: json(message),
    }
}

/// A body with its address: what an outbox row is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressed {
    pub exchange: Exchange,
    pub routing_key: String,
    /// The queue in mind: what backs off when it refuses.
    pub destination: String,
    pub kind: &'static str,
    pub body: Vec<u8>,
}

fn json(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).expect("bodies have string keys and no failing serializer")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{PortalEvent, SedeMessage};
    use crate::schema::Message;

    #[test]
    fn a_message_to_a_sede_goes_to_its_queue() {
        let example = Message::ToSede(SedeMessage::RequestRevoked).example();
        let message = ToSede::Revoked(serde_json::from_value(example.clone()).unwrap());
        let addressed = to_sede(&SedeCode::parse("230001").unwrap(), &message);
        assert_eq!(addressed.exchange.name("usciere"), "usciere.sedi");
        assert_eq!(
            (&*addressed.routing_key, &*addressed.destination),
            ("sede.230001", "sede.230001")
        );
        assert_eq!(addressed.kind, "request.revoked");
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&addressed.body).unwrap(),
            example
        );
    }

    #[test]
    fn a_message_to_a_portal_names_its_event_in_the_key() {
        let example = Message::ToPortal(PortalEvent::CommandRefused).example();
        let message = ToPortal::Refused(Box::new(serde_json::from_value(example.clone()).unwrap()));
        let addressed = to_portal(&PatronatoCode::parse("inca").unwrap(), &message);
        assert_eq!(addressed.exchange.name("usciere"), "usciere.events");
        assert_eq!(addressed.routing_key, "portal.inca.command.refused");
        assert_eq!(addressed.destination, "portal.inca");
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&addressed.body).unwrap(),
            example
        );
    }
}

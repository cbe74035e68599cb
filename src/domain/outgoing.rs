//! The bodies of everything the engine sends: to sedi (full content, they are the authorised recipient) and to
//! portals (CONTRACT.md 1, "What the engine sends"). Attachments travel by reference, never inside.

mod to_portal;
mod to_sede;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::StateName;
use super::codice_fiscale::CodiceFiscale;
use super::command::Personal;
use super::event::words;
use super::ids::{ActorId, InvalidId, OfficeCode, PatronatoCode, RequestId, SedeCode, TopicCode};
use super::protocol::ProtocolNumber;

pub use to_portal::{
    AppointmentBookedNotice, AppointmentCancelled, AppointmentConfirmed, AppointmentEnabled, AttachmentAdded,
    CommandRefused, RequestAccepted, RequestAssignedNotice, RequestClosed, RequestOverdue, RequestReplied,
    RequestSolicitedNotice, RequestTransferred, ToPortal,
};
pub use to_sede::{
    AppointmentBooked, RequestAssigned, RequestAttached, RequestMessage, RequestRevoked, RequestSolicited,
    ToSede,
};

/// Which request a message to a sede is about, and when it came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestRef {
    pub request_id: RequestId,
    pub protocol_number: ProtocolNumber,
    pub occurred_at: DateTime<Utc>,
}

/// Which request a message to a portal is about, how it stands after it, and when it came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestStatus {
    pub request_id: RequestId,
    pub protocol_number: ProtocolNumber,
    /// The state as the manual calls it: "Assegnato a Sede".
    pub state: String,
    /// The state as the workflow calls it: `assegnato_sede`.
    pub state_code: StateName,
    /// Where the request lies now.
    pub sede: SedeCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sede_name: Option<String>,
    pub occurred_at: DateTime<Utc>,
}

/// A topic of the catalogue, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopicRef {
    pub code: TopicCode,
    pub label: String,
}

/// An attachment to be fetched: its bytes are named by their SHA-256.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttachmentRef {
    /// The name its sender gave it.
    pub name: String,
    /// Lower-case hexadecimal.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    pub media_type: String,
    /// Where to fetch it over HTTP, with the sede's or portal's own credentials.
    pub href: String,
}

impl std::fmt::Debug for AttachmentRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttachmentRef")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// The citizen a request speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CitizenRef {
    pub codice_fiscale: Option<CodiceFiscale>,
    pub family_name: Personal,
    pub given_name: Personal,
    pub born_on: NaiveDate,
}

/// The operator who wrote, as the sede sees him or her.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperatorRef {
    pub id: ActorId,
    pub name: Personal,
    pub patronato: PatronatoCode,
    pub office: OfficeCode,
}

/// The days that count (dates in Europe/Rome): since when the patronato waits, and what opens when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DueDates {
    /// Date of the oldest unanswered message; absent when nothing is waiting.
    pub awaiting_since: Option<NaiveDate>,
    /// From this day the patronato may solicit.
    pub solicit_from: Option<NaiveDate>,
    /// From this day the patronato may book an appointment.
    pub appointment_from: Option<NaiveDate>,
}

/// Which of the at most two solicits; a number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum SolicitNumber {
    First,
    Second,
}

impl From<SolicitNumber> for u8 {
    fn from(number: SolicitNumber) -> Self {
        match number {
            SolicitNumber::First => 1,
            SolicitNumber::Second => 2,
        }
    }
}

impl TryFrom<u8> for SolicitNumber {
    type Error = InvalidId;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::First),
            2 => Ok(Self::Second),
            _ => Err(InvalidId {
                kind: "solicit number",
                expected: "1 or 2",
            }),
        }
    }
}

impl JsonSchema for SolicitNumber {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SolicitNumber".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "enum": [1, 2], "description": "1 or 2" })
    }
}

words!(
    /// Who speaks in a conversation.
    Speaker {
        Patronato = "patronato",
        Sede = "sede",
    }
);

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThreadEntry {
    pub at: DateTime<Utc>,
    pub from: Speaker,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Personal>,
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
}

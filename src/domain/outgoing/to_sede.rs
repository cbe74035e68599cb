//! What a sede or desk is sent. Each carries its `case-seq` as a header.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AttachmentRef, CitizenRef, DueDates, OperatorRef, RequestRef, SolicitNumber, ThreadEntry, TopicRef,
};
use crate::domain::command::{ContactReason, Personal, Practice, Role};
use crate::domain::event::SedeMessage;
use crate::domain::ids::SedeCode;

/// `request.assigned`: everything the sede needs to answer, also when the request comes from another sede.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestAssigned {
    #[serde(flatten)]
    pub request: RequestRef,
    pub opened_at: DateTime<Utc>,
    pub role: Role,
    pub operator: OperatorRef,
    /// Absent when a regional referent writes on his or her own behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citizen: Option<CitizenRef>,
    pub reason: ContactReason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practice: Option<Practice>,
    pub topic: TopicRef,
    pub text: Personal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Personal>,
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
    /// What was said after the opening, oldest first.
    #[serde(default)]
    pub thread: Vec<ThreadEntry>,
    #[serde(flatten)]
    pub due: DueDates,
    /// Solicits already received.
    #[serde(default)]
    pub solicits: u8,
    /// The sede that had it before, and why it was passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transferred_from: Option<SedeCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_reason: Option<Personal>,
}

/// `request.message`: the patronato goes on with the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestMessage {
    #[serde(flatten)]
    pub request: RequestRef,
    pub operator: OperatorRef,
    pub text: Personal,
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
    /// Which of the further interactions this is, from 1.
    pub interaction: u8,
    #[serde(flatten)]
    pub due: DueDates,
}

/// `request.attached`: documents were added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestAttached {
    #[serde(flatten)]
    pub request: RequestRef,
    pub operator: OperatorRef,
    pub attachments: Vec<AttachmentRef>,
}

/// `request.solicited`: the patronato waits too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestSolicited {
    #[serde(flatten)]
    pub request: RequestRef,
    pub operator: OperatorRef,
    pub number: SolicitNumber,
    pub solicited_on: NaiveDate,
    #[serde(flatten)]
    pub due: DueDates,
}

/// `appointment.booked`: the sender asks for an appointment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppointmentBooked {
    #[serde(flatten)]
    pub request: RequestRef,
    pub operator: OperatorRef,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<Personal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<DateTime<FixedOffset>>,
}

/// `request.revoked`: the request is another sede's now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestRevoked {
    #[serde(flatten)]
    pub request: RequestRef,
    /// The sede that has it now.
    pub sede: SedeCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Personal>,
}

/// A message to a sede or desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ToSede {
    Assigned(Box<RequestAssigned>),
    Message(RequestMessage),
    Attached(RequestAttached),
    Solicited(RequestSolicited),
    Booked(AppointmentBooked),
    Revoked(RequestRevoked),
}

impl ToSede {
    pub const fn kind(&self) -> SedeMessage {
        match self {
            Self::Assigned(_) => SedeMessage::RequestAssigned,
            Self::Message(_) => SedeMessage::RequestMessage,
            Self::Attached(_) => SedeMessage::RequestAttached,
            Self::Solicited(_) => SedeMessage::RequestSolicited,
            Self::Booked(_) => SedeMessage::AppointmentBooked,
            Self::Revoked(_) => SedeMessage::RequestRevoked,
        }
    }
}

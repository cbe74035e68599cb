//! What the portal of a patronato is sent.

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttachmentRef, DueDates, RequestStatus, SolicitNumber};
use crate::domain::case::Continuation;
use crate::domain::command::{CommandKind, Personal};
use crate::domain::event::PortalEvent;
use crate::domain::ids::{ActorId, MessageId, RequestId, SedeCode};
use crate::domain::protocol::ProtocolNumber;
use crate::domain::refusal::Refusal;

/// `request.accepted`: the request has its protocol number and is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestAccepted {
    #[serde(flatten)]
    pub request: RequestStatus,
    #[serde(flatten)]
    pub due: DueDates,
}

/// `command.refused`: understood, not allowed; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandRefused {
    pub command: CommandKind,
    /// The message that carried the command.
    pub message_id: MessageId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_number: Option<ProtocolNumber>,
    #[serde(flatten)]
    pub refusal: Refusal,
}

/// `request.assigned`: LineaINPS or the router sent it to a sede.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestAssignedNotice {
    #[serde(flatten)]
    pub request: RequestStatus,
}

/// `request.transferred`: another sede has it now; the days go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestTransferred {
    #[serde(flatten)]
    pub request: RequestStatus,
    pub transferred_from: SedeCode,
}

/// `request.replied`: the sede answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestReplied {
    #[serde(flatten)]
    pub request: RequestStatus,
    /// Who answered, as the history shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer_name: Option<Personal>,
    pub text: Personal,
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
    pub continuation: Continuation,
    /// How many further messages the patronato may still send.
    pub interactions_left: u8,
}

/// `request.closed`: closed by the sede without continuation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestClosed {
    #[serde(flatten)]
    pub request: RequestStatus,
    pub reason: Personal,
}

/// `request.overdue`: the waiting ran over; told once per waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestOverdue {
    #[serde(flatten)]
    pub request: RequestStatus,
    #[serde(flatten)]
    pub due: DueDates,
}

/// `request.solicited`: the solicit was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestSolicitedNotice {
    #[serde(flatten)]
    pub request: RequestStatus,
    pub number: SolicitNumber,
    pub solicited_on: NaiveDate,
    #[serde(flatten)]
    pub due: DueDates,
}

/// `attachment.added`: documents of the patronato were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttachmentAdded {
    #[serde(flatten)]
    pub request: RequestStatus,
    pub operator_id: ActorId,
    pub attachments: Vec<AttachmentRef>,
}

/// `appointment.enabled`: the sede opened the appointment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppointmentEnabled {
    #[serde(flatten)]
    pub request: RequestStatus,
    pub reason: Personal,
}

/// `appointment.booked`: the booking was taken and waits for the sede.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppointmentBookedNotice {
    #[serde(flatten)]
    pub request: RequestStatus,
    pub operator_id: ActorId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<Personal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<DateTime<FixedOffset>>,
}

/// `appointment.confirmed`: when and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppointmentConfirmed {
    #[serde(flatten)]
    pub request: RequestStatus,
    pub at: DateTime<FixedOffset>,
    pub place: Personal,
}

/// `appointment.cancelled`: the sede cannot keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppointmentCancelled {
    #[serde(flatten)]
    pub request: RequestStatus,
    pub reason: Personal,
}

/// A message to a portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ToPortal {
    Accepted(RequestAccepted),
    Refused(Box<CommandRefused>),
    Assigned(RequestAssignedNotice),
    Transferred(RequestTransferred),
    Replied(RequestReplied),
    Closed(RequestClosed),
    Overdue(RequestOverdue),
    Solicited(RequestSolicitedNotice),
    AttachmentAdded(AttachmentAdded),
    AppointmentEnabled(AppointmentEnabled),
    AppointmentBooked(AppointmentBookedNotice),
    AppointmentConfirmed(AppointmentConfirmed),
    AppointmentCancelled(AppointmentCancelled),
}

impl ToPortal {
    pub const fn kind(&self) -> PortalEvent {
        match self {
            Self::Accepted(_) => PortalEvent::RequestAccepted,
            Self::Refused(_) => PortalEvent::CommandRefused,
            Self::Assigned(_) => PortalEvent::RequestAssigned,
            Self::Transferred(_) => PortalEvent::RequestTransferred,
            Self::Replied(_) => PortalEvent::RequestReplied,
            Self::Closed(_) => PortalEvent::RequestClosed,
            Self::Overdue(_) => PortalEvent::RequestOverdue,
            Self::Solicited(_) => PortalEvent::RequestSolicited,
            Self::AttachmentAdded(_) => PortalEvent::AttachmentAdded,
            Self::AppointmentEnabled(_) => PortalEvent::AppointmentEnabled,
            Self::AppointmentBooked(_) => PortalEvent::AppointmentBooked,
            Self::AppointmentConfirmed(_) => PortalEvent::AppointmentConfirmed,
            Self::AppointmentCancelled(_) => PortalEvent::AppointmentCancelled,
        }
    }
}

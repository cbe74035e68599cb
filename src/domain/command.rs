//! The commands of portals and sedi: bodies as CONTRACT.md 1 fixes them, typed where a wrong value has no
//! refusal code of its own. Unknown fields are ignored, so that a portal may be ahead of the engine.

mod absent;
mod by;

use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::Continuation;
use super::codice_fiscale::CodiceFiscale;
use super::email::EmailAddress;
use super::event::words;
use super::ids::{
    ActorId, MessageId, OfficeCode, PatronatoCode, PersonId, RequestId, SedeCode, Source, TopicCode,
};
use super::practice::{PracticeKind, PracticeNumber};
use super::trace::TraceParent;

pub use by::By;

words!(
    /// The `type` of a command and the tail of its routing key.
    CommandKind {
        Submit = "request.submit",
        Message = "request.message",
        Attach = "request.attach",
        Solicit = "request.solicit",
        Book = "request.book",
        Take = "request.take",
        Release = "request.release",
        Assign = "request.assign",
        Transfer = "request.transfer",
        Reply = "request.reply",
        Close = "request.close",
        EnableAppointment = "request.enable_appointment",
        Note = "request.note",
        ConfirmAppointment = "appointment.confirm",
        CancelAppointment = "appointment.cancel",
    }
);

impl CommandKind {
    /// Whether portals publish it; the others are published by sedi and desks.
    pub const fn is_of_portal(self) -> bool {
        match self {
            Self::Submit | Self::Message | Self::Attach | Self::Solicit | Self::Book => true,
            Self::Take
            | Self::Release
            | Self::Assign
            | Self::Transfer
            | Self::Reply
            | Self::Close
            | Self::EnableAppointment
            | Self::Note
            | Self::ConfirmAppointment
            | Self::CancelAppointment => false,
        }
    }
}

words!(
    /// In which role an operator writes.
    Role {
        Operator = "operator",
        RegionalReferent = "regional_referent",
    }
);

words!(
    /// Why the patronato writes.
    ContactReason {
        SolicitSubmitted = "solicit_submitted",
        StatusOrRejection = "status_or_rejection",
        AccessRequirements = "access_requirements",
        RegulatoryClarification = "regulatory_clarification",
    }
);

/// Personal text that must not reach a log: its Debug is silent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(description = "Text that may be personal.")]
pub struct Personal(pub String);

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

/// The operator of a patronato who acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Operator {
    pub id: ActorId,
    pub name: Personal,
    /// Where courtesy mails go; none are sent without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
}

/// The officer of a sede or desk who acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Officer {
    pub id: ActorId,
    pub name: Personal,
}

/// How a citizen is named: by codice fiscale or by name and birth date; `person_id` settles an ambiguity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CitizenQuery {
    #[serde(default)]
    pub codice_fiscale: Option<CodiceFiscale>,
    #[serde(default)]
    pub family_name: Option<Personal>,
    #[serde(default)]
    pub given_name: Option<Personal>,
    #[serde(default)]
    pub born_on: Option<NaiveDate>,
    #[serde(default)]
    pub person_id: Option<PersonId>,
}

/// The practice a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Practice {
    pub kind: PracticeKind,
    pub number: PracticeNumber,
}

/// An attachment, inline or by the sha256 of one uploaded before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttachmentInput {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_base64: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl fmt::Debug for AttachmentInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachmentInput").finish_non_exhaustive()
    }
}

/// `request.submit`. Fields of the operator alone are checked by role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Submit {
    #[serde(default)]
    pub request_id: Option<RequestId>,
    pub role: Role,
    pub patronato: PatronatoCode,
    pub office: OfficeCode,
    pub operator: Operator,
    #[serde(default)]
    pub citizen: Option<CitizenQuery>,
    #[serde(default)]
    pub delegation: Option<bool>,
    pub reason: ContactReason,
    #[serde(default)]
    pub practice: Option<Practice>,
    pub topic: TopicCode,
    #[serde(default)]
    pub text: Option<Personal>,
    #[serde(default)]
    pub notes: Option<Personal>,
    #[serde(default)]
    pub sede: Option<SedeCode>,
    /// The region of a regional referent: its CRIC is the default destination.
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<Vec<AttachmentInput>>")]
    pub attachments: Vec<AttachmentInput>,
}

/// What every later command of a portal carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ByOperator {
    pub request_id: RequestId,
    pub operator: Operator,
    /// Only where it differs from the request's office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<OfficeCode>,
}

/// What every command of a sede or desk carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ByOfficer {
    pub request_id: RequestId,
    pub officer: Officer,
}

/// `request.message`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    #[serde(flatten)]
    pub by: ByOperator,
    #[serde(default)]
    pub text: Option<Personal>,
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<Vec<AttachmentInput>>")]
    pub attachments: Vec<AttachmentInput>,
}

/// `request.attach`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attach {
    #[serde(flatten)]
    pub by: ByOperator,
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<Vec<AttachmentInput>>")]
    pub attachments: Vec<AttachmentInput>,
}

/// `request.book`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Book {
    #[serde(flatten)]
    pub by: ByOperator,
    /// When it would suit, in words; may be left out where a slot is named.
    #[serde(default)]
    pub wish: Option<Personal>,
    #[serde(default)]
    pub slot: Option<DateTime<FixedOffset>>,
}

/// `request.take`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Take {
    #[serde(flatten)]
    pub by: ByOfficer,
    /// Why it is taken over from the colleague who has it in charge; needed only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Personal>,
}

/// `request.assign`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assign {
    #[serde(flatten)]
    pub by: ByOfficer,
    pub sede: SedeCode,
}

/// `request.transfer`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transfer {
    #[serde(flatten)]
    pub by: ByOfficer,
    pub sede: SedeCode,
    pub reason: Personal,
}

/// `request.reply`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    #[serde(flatten)]
    pub by: ByOfficer,
    #[serde(default)]
    pub text: Option<Personal>,
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<Vec<AttachmentInput>>")]
    pub attachments: Vec<AttachmentInput>,
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<Continuation>")]
    pub continuation: Continuation,
}

/// `request.close`, `request.enable_appointment`, `appointment.cancel`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WithReason {
    #[serde(flatten)]
    pub by: ByOfficer,
    pub reason: Personal,
}

/// `request.note`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    #[serde(flatten)]
    pub by: ByOfficer,
    #[serde(default)]
    pub text: Option<Personal>,
}

/// `appointment.confirm`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfirmAppointment {
    #[serde(flatten)]
    pub by: ByOfficer,
    pub at: DateTime<FixedOffset>,
    pub place: Personal,
}

/// A command with its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Submit(Box<Submit>),
    Message(Message),
    Attach(Attach),
    Solicit(ByOperator),
    Book(Book),
    Take(Take),
    Release(ByOfficer),
    Assign(Assign),
    Transfer(Transfer),
    Reply(Reply),
    Close(WithReason),
    EnableAppointment(WithReason),
    Note(Note),
    ConfirmAppointment(ConfirmAppointment),
    CancelAppointment(WithReason),
}

impl Command {
    pub const fn kind(&self) -> CommandKind {
        match self {
            Self::Submit(_) => CommandKind::Submit,
            Self::Message(_) => CommandKind::Message,
            Self::Attach(_) => CommandKind::Attach,
            Self::Solicit(_) => CommandKind::Solicit,
            Self::Book(_) => CommandKind::Book,
            Self::Take(_) => CommandKind::Take,
            Self::Release(_) => CommandKind::Release,
            Self::Assign(_) => CommandKind::Assign,
            Self::Transfer(_) => CommandKind::Transfer,
            Self::Reply(_) => CommandKind::Reply,
            Self::Close(_) => CommandKind::Close,
            Self::EnableAppointment(_) => CommandKind::EnableAppointment,
            Self::Note(_) => CommandKind::Note,
            Self::ConfirmAppointment(_) => CommandKind::ConfirmAppointment,
            Self::CancelAppointment(_) => CommandKind::CancelAppointment,
        }
    }
}

/// The SHA-256 of a body as it came: a resent message is the same only if this is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodyHash(pub [u8; 32]);

impl fmt::Debug for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BodyHash({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

/// A command with the proof of who sent it and under which id: what the engine takes in, from any door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub source: Source,
    pub message_id: MessageId,
    pub body_hash: BodyHash,
    pub trace_parent: Option<TraceParent>,
    pub request_id: Option<RequestId>,
    pub content: Content,
}

/// The body of an understood message: a command, or one that breaks the shape of its kind and will be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Command(Command),
    /// `invalid_body`: the portal is told, nothing changes.
    Invalid {
        kind: CommandKind,
        refusal: super::refusal::Refusal,
    },
}

impl Envelope {
    pub const fn kind(&self) -> CommandKind {
        match &self.content {
            Content::Command(command) => command.kind(),
            Content::Invalid { kind, .. } => *kind,
        }
    }
}

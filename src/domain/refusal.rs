//! "Understood, but not allowed": the answer to a command that changes nothing (CONTRACT.md 1, "Refused").

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::codice_fiscale::CodiceFiscale;
use super::event::words;
use super::ids::PersonId;

words!(
    /// The codes outsiders rely on.
    RefusalCode {
        CitizenUnknown = "citizen_unknown",
        CitizenAmbiguous = "citizen_ambiguous",
        DelegationMissing = "delegation_missing",
        ReasonNotAllowed = "reason_not_allowed",
        PracticeRequired = "practice_required",
        PracticeNotLinked = "practice_not_linked",
        PracticeNotEntitled = "practice_not_entitled",
        TopicUnknown = "topic_unknown",
        TopicNotForReason = "topic_not_for_reason",
        TextMissing = "text_missing",
        TextTooLong = "text_too_long",
        AttachmentType = "attachment_type",
        AttachmentTooLarge = "attachment_too_large",
        AttachmentMissing = "attachment_missing",
        SedeUnknown = "sede_unknown",
        RequestUnknown = "request_unknown",
        NotSender = "not_sender",
        NotYourSede = "not_your_sede",
        NotYet = "not_yet",
        LimitReached = "limit_reached",
        AwaitingReply = "awaiting_reply",
        ConversationClosed = "conversation_closed",
        AlreadyBooked = "already_booked",
        StateConflict = "state_conflict",
        InvalidBody = "invalid_body",
    }
);

/// What kind of answer a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// For who asks there is no such request.
    Unknown,
    /// It is somebody else's to do.
    Foreign,
    /// Not as things stand.
    Conflict,
    /// Larger than what is taken.
    TooLarge,
    /// What was sent is wrong.
    Wrong,
}

impl RefusalCode {
    pub const fn kind(self) -> RefusalKind {
        match self {
            Self::RequestUnknown => RefusalKind::Unknown,
            Self::NotSender | Self::NotYourSede => RefusalKind::Foreign,
            Self::NotYet
            | Self::LimitReached
            | Self::AwaitingReply
            | Self::ConversationClosed
            | Self::AlreadyBooked
            | Self::StateConflict => RefusalKind::Conflict,
            Self::AttachmentTooLarge => RefusalKind::TooLarge,
            Self::CitizenUnknown
            | Self::CitizenAmbiguous
            | Self::DelegationMissing
            | Self::ReasonNotAllowed
            | Self::PracticeRequired
            | Self::PracticeNotLinked
            | Self::PracticeNotEntitled
            | Self::TopicUnknown
            | Self::TopicNotForReason
            | Self::TextMissing
            | Self::TextTooLong
            | Self::AttachmentType
            | Self::AttachmentMissing
            | Self::SedeUnknown
            | Self::InvalidBody => RefusalKind::Wrong,
        }
    }
}

/// A place in the body, as a JSON pointer, and what is wrong there (Italian, without the value).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FieldProblem {
    pub pointer: String,
    pub message: String,
}

/// One condition of the rule that was asked, with the values it was judged by: the answer to "perché no?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reason {
    /// The condition's word in the workflow file, e.g. `waiting`.
    pub condition: String,
    pub holds: bool,
    /// In Italian, with values: "13 giorni di attesa su 15".
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_from: Option<NaiveDate>,
}

/// One of several people that fit; enough for an operator to choose, told to the asking portal only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Candidate {
    pub person_id: PersonId,
    /// Several people may share one, and one may have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codice_fiscale: Option<CodiceFiscale>,
    pub family_name: String,
    pub given_name: String,
    pub born_on: NaiveDate,
    pub birth_place: String,
    pub address: String,
}

impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Candidate").finish_non_exhaustive()
    }
}

/// Why a command changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Refusal {
    pub code: RefusalCode,
    /// One Italian sentence for the person who acted.
    pub message: String,
    #[serde(default)]
    pub fields: Vec<FieldProblem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_from: Option<NaiveDate>,
    #[serde(default)]
    pub why: Vec<Reason>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
}

impl Refusal {
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            fields: Vec::new(),
            available_from: None,
            why: Vec::new(),
            candidates: Vec::new(),
        }
    }

    /// The one answer about a request that is not there and one that is another office's: telling them apart would tell
    /// that it is there.
    pub fn request_unknown() -> Self {
        let message = "La richiesta non esiste o non è del tuo ufficio.";
        Self::new(RefusalCode::RequestUnknown, message).at("/request_id")
    }

    /// A refusal about one place in the body.
    #[must_use]
    pub fn at(mut self, pointer: &str) -> Self {
        self.fields.push(FieldProblem {
            pointer: pointer.to_owned(),
            message: self.message.clone(),
        });
        self
    }
}

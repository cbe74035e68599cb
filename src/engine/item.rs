//! What goes into the engine, and what became of it.

use std::fmt;
use std::sync::Arc;

use crate::domain::case::Case;
use crate::domain::command::{By, Command, Content, Envelope};
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::dependency::Dependency;
use crate::domain::ids::RequestId;
use crate::domain::refusal::Refusal;
use crate::store::{Answer, KeptMessage, NewDeadLetter, Outcome};

/// A message as it came, able to be kept byte for byte.
pub trait Original: Send + Sync {
    /// The dead letter of this message.
    fn bury(&self, reason: DeadLetterReason, detail: String) -> NewDeadLetter;

    /// The message itself, to be kept until it can be worked.
    fn keep(&self) -> KeptMessage;

    /// Bytes of its body.
    fn size(&self) -> usize;
}

/// One thing to handle.
#[derive(Clone)]
pub enum Item {
    /// Understood: decide it.
    Command {
        envelope: Arc<Envelope>,
        /// The message it came in; callers inside this process have none.
        original: Option<Arc<dyn Original>>,
    },
    /// Not to be understood or trusted: keep it.
    DeadLetter(Arc<NewDeadLetter>),
}

impl Item {
    /// The request it is about: everything of one request is handled in the order it came in.
    pub(super) fn request(&self) -> Option<RequestId> {
        match self {
            Self::Command { envelope, .. } => target(envelope),
            Self::DeadLetter(_) => None,
        }
    }

    /// Bytes of the message it came in.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Command { original, .. } => original.as_ref().map_or(0, |original| original.size()),
            Self::DeadLetter(letter) => letter.body.len(),
        }
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { envelope, .. } => f.debug_tuple("Command").field(&envelope.message_id).finish(),
            Self::DeadLetter(letter) => f.debug_tuple("DeadLetter").field(&letter.reason).finish(),
        }
    }
}

/// The request a command is about; a submission without an id gets one derived from source and message id.
pub(super) fn target(envelope: &Envelope) -> Option<RequestId> {
    match &envelope.content {
        Content::Invalid { .. } => envelope.request_id,
        Content::Command(Command::Submit(submit)) => Some(
            submit
                .request_id
                .unwrap_or_else(|| RequestId::derive(&envelope.source, &envelope.message_id)),
        ),
        Content::Command(command) => command.by().map(By::request_id),
    }
}

pub(super) const fn is_command(envelope: &Envelope) -> bool {
    matches!(envelope.content, Content::Command(_))
}

pub(super) const fn is_submission(envelope: &Envelope) -> bool {
    matches!(envelope.content, Content::Command(Command::Submit(_)))
}

/// What became of an item, committed.
#[derive(Debug, Clone)]
pub enum Handled {
    /// Done; what its portal was told, where it is told anything.
    Done {
        request: Option<RequestId>,
        answer: Option<Answer>,
        /// How the request stands after it: for callers inside this process, who want to know what is allowed next.
        case: Option<Box<Case>>,
    },
    /// Understood, not allowed: nothing changed.
    Refused(Box<Refusal>),
    /// Came before, and was told the same again.
    Repeated {
        request: Option<RequestId>,
        outcome: Outcome,
        answer: Option<Answer>,
    },
    /// Kept until what it needs answers, then decided: what it asks for did not happen yet.
    Parked {
        request: RequestId,
        waits_for: Dependency,
    },
    /// Kept as a dead letter, or left as the one it came from.
    DeadLettered {
        reason: DeadLetterReason,
        /// What exactly was wrong; never personal data.
        detail: String,
    },
}

impl Handled {
    /// The word metrics count it under.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Refused(_) => "refused",
            Self::Repeated { .. } => "repeated",
            Self::Parked { .. } => "parked",
            Self::DeadLettered { .. } => "dead_lettered",
        }
    }
}

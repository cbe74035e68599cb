//! Who did what, and who read whom: what is written down, and the chain that shows when it was changed.
//!
//! An entry names requests and people, never what was read of them.

mod chain;
mod expiry;
mod record;

use super::command::{Command, CommandKind, Content, Envelope};
use super::dead_letter::DeadLetterReason;
use super::event::words;
use super::ids::{
    ActorId, InvalidId, MessageId, OfficeCode, PatronatoCode, PersonId, RequestId, SedeCode, Source, text_id,
};
use super::person::{Capacity, Person};
use super::refusal::{RefusalCode, RefusalKind};

pub use chain::{Fault, Head, Link, Verdict, Walk};
pub use expiry::Expiry;
pub use record::{ChainHash, Record};

words!(
    /// How an action ended.
    AuditOutcome {
        Done = "done",
        /// Understood, not allowed by the rules.
        Refused = "refused",
        /// Not theirs to do or to see.
        Denied = "denied",
    }
);

text_id!(
    /// What was done: a command's type, the method and route of a call, or a command line's words.
    AuditAction, "audited action", "^[!-~ ]{1,200}$", "1 to 200 visible ASCII characters and spaces",
    |text| (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
);

/// For whom somebody acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Patronato {
        patronato: PatronatoCode,
        /// Missing where a command names none of its own: then it is the request's.
        office: Option<OfficeCode>,
    },
    Sede(SedeCode),
    /// Runs the engine over HTTP.
    Manager,
    /// Runs the command line beside the engine.
    Administrator,
    Engine,
    /// Nobody who was proven.
    Nobody,
}

/// One line of the audit, to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub actor: Option<ActorId>,
    pub standing: Standing,
    pub action: AuditAction,
    pub outcome: AuditOutcome,
    /// The code of a refusal, or the status of a call.
    pub code: Option<String>,
    pub requests: Vec<RequestId>,
    pub persons: Vec<PersonId>,
    /// Leads on: the message id of a command, the trace of a call.
    pub correlation: Option<String>,
}

impl Standing {
    /// The word it is kept under.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Patronato { .. } => "patronato",
            Self::Sede(_) => "sede",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
            Self::Engine => "engine",
            Self::Nobody => "nobody",
        }
    }

    pub fn of(person: &Person) -> Self {
        match &person.capacity {
            Capacity::Patronato(member) => Self::Patronato {
                patronato: member.patronato.clone(),
                office: Some(member.office.clone()),
            },
            Capacity::Sede { sede } => Self::Sede(sede.clone()),
            Capacity::Manager => Self::Manager,
        }
    }
}

impl AuditAction {
    pub fn of_command(kind: CommandKind) -> Self {
        Self::parse(kind.as_str()).expect("commands are visible ASCII")
    }

    /// A call over HTTP, by its route: what stands in the path itself stays out.
    pub fn of_call(method: &str, route: &str) -> Result<Self, InvalidId> {
        Self::parse(&format!("{method} {route}"))
    }
}

impl AuditEntry {
    /// A command that was decided; `refused` says why it was not carried out.
    pub fn of_command(
        envelope: &Envelope,
        request: Option<RequestId>,
        persons: Vec<PersonId>,
        refused: Option<RefusalCode>,
    ) -> Self {
        let (actor, office) = match &envelope.content {
            Content::Command(command) => signed(command),
            Content::Invalid { .. } => (None, None),
        };
        let standing = match &envelope.source {
            Source::Portal(patronato) => Standing::Patronato {
                patronato: patronato.clone(),
                office,
            },
            Source::Sede(sede) => Standing::Sede(sede.clone()),
            Source::Engine => Standing::Engine,
        };
        Self {
            actor,
            standing,
            action: AuditAction::of_command(envelope.kind()),
            outcome: refused.map_or(AuditOutcome::Done, outcome_of),
            code: refused.map(|code| code.as_str().to_owned()),
            requests: request.into_iter().collect(),
            persons,
            correlation: Some(envelope.message_id.to_string()),
        }
    }
}

impl AuditEntry {
    /// Personal data shown on the command line, to the operating system's user.
    pub fn of_administrator(user: &str, action: &'static str, about: String) -> Self {
        Self {
            actor: ActorId::parse(&user.replace(' ', "-")).ok(),
            standing: Standing::Administrator,
            action: AuditAction::parse(action).expect("words of the command line"),
            outcome: AuditOutcome::Done,
            code: None,
            requests: Vec::new(),
            persons: Vec::new(),
            correlation: Some(about),
        }
    }

    /// A message whose publisher may not speak for whom it claims; kept as a dead letter.
    pub fn of_impostor(message: Option<MessageId>) -> Self {
        Self {
            actor: None,
            standing: Standing::Nobody,
            action: AuditAction::parse("publish").expect("a plain word"),
            outcome: AuditOutcome::Denied,
            code: Some(DeadLetterReason::PublisherNotAuthorised.as_str().to_owned()),
            requests: Vec::new(),
            persons: Vec::new(),
            correlation: message.map(String::from),
        }
    }
}

/// Reaching for what is somebody else's is told apart from mistakes.
const fn outcome_of(code: RefusalCode) -> AuditOutcome {
    match code.kind() {
        RefusalKind::Unknown | RefusalKind::Foreign => AuditOutcome::Denied,
        RefusalKind::Conflict | RefusalKind::TooLarge | RefusalKind::Wrong => AuditOutcome::Refused,
    }
}

/// Who signed a command, and the office it names.
fn signed(command: &Command) -> (Option<ActorId>, Option<OfficeCode>) {
    let by = match command {
        Command::Submit(body) => return (Some(body.operator.id.clone()), Some(body.office.clone())),
        Command::Message(body) => &body.by,
        Command::Attach(body) => &body.by,
        Command::Solicit(by) => by,
        Command::Book(body) => &body.by,
        Command::Take(body) => return (Some(body.by.officer.id.clone()), None),
        Command::Release(by) => return (Some(by.officer.id.clone()), None),
        Command::Assign(body) => return (Some(body.by.officer.id.clone()), None),
        Command::Transfer(body) => return (Some(body.by.officer.id.clone()), None),
        Command::Reply(body) => return (Some(body.by.officer.id.clone()), None),
        Command::Close(body) | Command::EnableAppointment(body) | Command::CancelAppointment(body) => {
            return (Some(body.by.officer.id.clone()), None);
        }
        Command::Note(body) => return (Some(body.by.officer.id.clone()), None),
        Command::ConfirmAppointment(body) => return (Some(body.by.officer.id.clone()), None),
    };
    (Some(by.operator.id.clone()), by.office.clone())
}

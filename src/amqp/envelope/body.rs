//! From the text of a body to the command it is: one decoder for every door.

use serde_json::Value;

use super::json::{self, Shape};
use super::{Fault, problems};
use crate::domain::command::{
    Assign, Attach, Book, Command, CommandKind, ConfirmAppointment, Message, Note, Reply, Take, Transfer,
    WithReason,
};
use crate::domain::ids::RequestId;
use crate::domain::refusal::Refusal;

/// Why a body is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// No text, or no JSON that means one thing.
    #[error(transparent)]
    Unreadable(#[from] Fault),
    /// JSON of the wrong shape: `invalid_body`, with every problem by its JSON pointer.
    #[error("the body does not have the shape of its command")]
    Refused(Refusal),
}

/// Reads the body of a command of a known kind, with the same strictness as a message's.
pub fn decode_body(kind: CommandKind, body: &[u8]) -> Result<Command, BodyFault> {
    let text = json::text(body)?;
    let shape = json::check(text, json::BodyAt::Top)?;
    read(kind, text, shape).map_err(|broken| BodyFault::Refused(broken.refusal))
}

/// A body of the wrong shape.
pub(super) struct Broken {
    pub(super) refusal: Refusal,
    value: Value,
}

impl Broken {
    /// A text member of the body, as far as there is one.
    pub(super) fn text_at(&self, member: &str) -> Option<&str> {
        self.value.get(member)?.as_str()
    }
}

/// Reads a text that has passed [`json::check`].
pub(super) fn read(kind: CommandKind, text: &str, shape: Shape) -> Result<Command, Box<Broken>> {
    let broken = |problems, value| {
        Box::new(Broken {
            refusal: problems::refusal(problems),
            value,
        })
    };
    if shape == Shape::OddLists {
        let value = value(text);
        let problems = problems::by_schema(kind, &value);
        if !problems.is_empty() {
            return Err(broken(problems, value));
        }
    }
    Command::from_json(kind, text).map_err(|_| {
        let value = value(text);
        broken(problems::all(kind, &value), value)
    })
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// The request a command is about; `None` for a submit that leaves the id to the engine.
pub(super) fn request_id(command: &Command) -> Option<RequestId> {
    let id = match command {
        Command::Submit(submit) => return submit.request_id,
        Command::Solicit(by)
        | Command::Message(Message { by, .. })
        | Command::Attach(Attach { by, .. })
        | Command::Book(Book { by, .. }) => by.request_id,
        Command::Release(by)
        | Command::Take(Take { by, .. })
        | Command::Assign(Assign { by, .. })
        | Command::Transfer(Transfer { by, .. })
        | Command::Reply(Reply { by, .. })
        | Command::Close(WithReason { by, .. })
        | Command::EnableAppointment(WithReason { by, .. })
        | Command::CancelAppointment(WithReason { by, .. })
        | Command::Note(Note { by, .. })
        | Command::ConfirmAppointment(ConfirmAppointment { by, .. }) => by.request_id,
    };
    Some(id)
}

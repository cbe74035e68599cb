//! Which Rust type is the body of which command: the one table of it.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::command::{
    Assign, Attach, Book, ByOfficer, ByOperator, Command, CommandKind, ConfirmAppointment, Message, Note,
    Reply, Submit, Take, Transfer, WithReason,
};

/// Something to be done with the body type of a command.
pub trait ForBody {
    type Output;

    /// `wrap` makes a body of this type the command.
    fn run<T: Serialize + DeserializeOwned + JsonSchema>(self, wrap: fn(T) -> Command) -> Self::Output;
}

impl Command {
    /// Reads a command of a known kind.
    pub fn from_json(kind: CommandKind, json: &str) -> serde_json::Result<Self> {
        kind.with_body_type(FromJson(json))
    }

    /// The JSON [`Command::from_json`] reads back.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        match self {
            Self::Submit(body) => serde_json::to_vec(body),
            Self::Message(body) => serde_json::to_vec(body),
            Self::Attach(body) => serde_json::to_vec(body),
            Self::Solicit(body) => serde_json::to_vec(body),
            Self::Book(body) => serde_json::to_vec(body),
            Self::Take(body) => serde_json::to_vec(body),
            Self::Release(body) => serde_json::to_vec(body),
            Self::Assign(body) => serde_json::to_vec(body),
            Self::Transfer(body) => serde_json::to_vec(body),
            Self::Reply(body) => serde_json::to_vec(body),
            Self::Close(body) | Self::EnableAppointment(body) | Self::CancelAppointment(body) => {
                serde_json::to_vec(body)
            }
            Self::Note(body) => serde_json::to_vec(body),
            Self::ConfirmAppointment(body) => serde_json::to_vec(body),
        }
    }
}

struct FromJson<'a>(&'a str);

impl ForBody for FromJson<'_> {
    type Output = serde_json::Result<Command>;

    fn run<T: Serialize + DeserializeOwned + JsonSchema>(self, wrap: fn(T) -> Command) -> Self::Output {
        serde_json::from_str(self.0).map(wrap)
    }
}

impl CommandKind {
    /// Does something with the body type of this command.
    pub fn with_body_type<F: ForBody>(self, action: F) -> F::Output {
        match self {
            Self::Submit => action.run::<Box<Submit>>(Command::Submit),
            Self::Message => action.run::<Message>(Command::Message),
            Self::Attach => action.run::<Attach>(Command::Attach),
            Self::Solicit => action.run::<ByOperator>(Command::Solicit),
            Self::Book => action.run::<Book>(Command::Book),
            Self::Take => action.run::<Take>(Command::Take),
            Self::Release => action.run::<ByOfficer>(Command::Release),
            Self::Assign => action.run::<Assign>(Command::Assign),
            Self::Transfer => action.run::<Transfer>(Command::Transfer),
            Self::Reply => action.run::<Reply>(Command::Reply),
            Self::Close => action.run::<WithReason>(Command::Close),
            Self::EnableAppointment => action.run::<WithReason>(Command::EnableAppointment),
            Self::Note => action.run::<Note>(Command::Note),
            Self::ConfirmAppointment => action.run::<ConfirmAppointment>(Command::ConfirmAppointment),
            Self::CancelAppointment => action.run::<WithReason>(Command::CancelAppointment),
        }
    }
}

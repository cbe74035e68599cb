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

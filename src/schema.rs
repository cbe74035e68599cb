//! The JSON Schemas (2020-12) of everything on the wire, made from the Rust types, so that they cannot disagree.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::domain::command::{
    Assign, Attach, Book, ByOfficer, ByOperator, CommandKind, ConfirmAppointment, Message, Note, Reply,
    Submit, Transfer, WithReason,
};

/// The schema of a command's body.
pub fn of_command(kind: CommandKind) -> Value {
    match kind {
        CommandKind::Submit => incoming::<Submit>(),
        CommandKind::Message => incoming::<Message>(),
        CommandKind::Attach => incoming::<Attach>(),
        CommandKind::Solicit => incoming::<ByOperator>(),
        CommandKind::Book => incoming::<Book>(),
        CommandKind::Take | CommandKind::Release => incoming::<ByOfficer>(),
        CommandKind::Assign => incoming::<Assign>(),
        CommandKind::Transfer => incoming::<Transfer>(),
        CommandKind::Reply => incoming::<Reply>(),
        CommandKind::Close | CommandKind::EnableAppointment | CommandKind::CancelAppointment => {
            incoming::<WithReason>()
        }
        CommandKind::Note => incoming::<Note>(),
        CommandKind::ConfirmAppointment => incoming::<ConfirmAppointment>(),
    }
}

/// What the engine reads: members with a default may be left out.
fn incoming<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

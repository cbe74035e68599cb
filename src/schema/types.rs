//! Which Rust type is the body of which message.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Message;
use crate::domain::command::Command;
use crate::domain::command_bodies::ForBody;
use crate::domain::event::{PortalEvent, SedeMessage};
use crate::domain::outgoing::{
    AppointmentBooked, AppointmentBookedNotice, AppointmentCancelled, AppointmentConfirmed,
    AppointmentEnabled, AttachmentAdded, CommandRefused, RequestAccepted, RequestAssigned,
    RequestAssignedNotice, RequestAttached, RequestClosed, RequestMessage, RequestOverdue, RequestReplied,
    RequestRevoked, RequestSolicited, RequestSolicitedNotice, RequestTransferred,
};

/// Something to be done with the type of a body.
pub(super) trait ForType {
    type Output;

    fn run<T: Serialize + DeserializeOwned + JsonSchema>(self) -> Self::Output;
}

/// Does something with the type of a message's body.
pub(super) fn with_type<F: ForType>(message: Message, action: F) -> F::Output {
    match message {
        Message::Command(kind) => kind.with_body_type(OfCommand(action)),
        Message::ToSede(kind) => match kind {
            SedeMessage::RequestAssigned => action.run::<RequestAssigned>(),
            SedeMessage::RequestMessage => action.run::<RequestMessage>(),
            SedeMessage::RequestAttached => action.run::<RequestAttached>(),
            SedeMessage::RequestSolicited => action.run::<RequestSolicited>(),
            SedeMessage::AppointmentBooked => action.run::<AppointmentBooked>(),
            SedeMessage::RequestRevoked => action.run::<RequestRevoked>(),
        },
        Message::ToPortal(kind) => match kind {
            PortalEvent::RequestAccepted => action.run::<RequestAccepted>(),
            PortalEvent::CommandRefused => action.run::<CommandRefused>(),
            PortalEvent::RequestAssigned => action.run::<RequestAssignedNotice>(),
            PortalEvent::RequestTransferred => action.run::<RequestTransferred>(),
            PortalEvent::RequestReplied => action.run::<RequestReplied>(),
            PortalEvent::RequestClosed => action.run::<RequestClosed>(),
            PortalEvent::RequestOverdue => action.run::<RequestOverdue>(),
            PortalEvent::RequestSolicited => action.run::<RequestSolicitedNotice>(),
            PortalEvent::AttachmentAdded => action.run::<AttachmentAdded>(),
            PortalEvent::AppointmentEnabled => action.run::<AppointmentEnabled>(),
            PortalEvent::AppointmentBooked => action.run::<AppointmentBookedNotice>(),
            PortalEvent::AppointmentConfirmed => action.run::<AppointmentConfirmed>(),
            PortalEvent::AppointmentCancelled => action.run::<AppointmentCancelled>(),
        },
    }
}

/// The table of commands asks for more than schemas need.
struct OfCommand<F>(F);

impl<F: ForType> ForBody for OfCommand<F> {
    type Output = F::Output;

    fn run<T: Serialize + DeserializeOwned + JsonSchema>(self, _: fn(T) -> Command) -> Self::Output {
        self.0.run::<T>()
    }
}

/// Makes a schema that stands by itself.
pub(super) struct RootSchema(pub(super) SchemaGenerator);

impl ForType for RootSchema {
    type Output = Value;

    fn run<T: Serialize + DeserializeOwned + JsonSchema>(self) -> Value {
        self.0.into_root_schema_for::<T>().to_value()
    }
}

/// Makes a reference to a schema that the generator collects.
pub(super) struct Reference<'g>(pub(super) &'g mut SchemaGenerator);

impl ForType for Reference<'_> {
    type Output = Schema;

    fn run<T: Serialize + DeserializeOwned + JsonSchema>(self) -> Schema {
        self.0.subschema_for::<T>()
    }
}

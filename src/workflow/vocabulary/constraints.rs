//! What words demand of each other: the grammar the checks hold a file to.

use super::{Change, Condition};
use crate::domain::event::{Effect, EventKind, Party, PortalEvent, SedeMessage};

impl Condition {
    /// The events that carry what it reads; `None` if it reads facts alone.
    pub const fn needs(self) -> Option<&'static [EventKind]> {
        match self {
            Self::OtherSede | Self::ToDesk => Some(&[EventKind::Assigned, EventKind::Transferred]),
            Self::FreeOrMine | Self::InMyCharge => Some(OF_OFFICERS),
            Self::Takeover => Some(&[EventKind::Taken]),
            Self::Awaiting
            | Self::Answered
            | Self::SolicitsLeft
            | Self::SolicitOpen
            | Self::InteractionsLeft
            | Self::ConversationOpen
            | Self::ConversationOver
            | Self::AppointmentOpen
            | Self::AppointmentEnabled
            | Self::NoBooking
            | Self::AppointmentBooked
            | Self::AppointmentActive
            | Self::AtDesk => None,
        }
    }
}

/// Events only an officer sends.
const OF_OFFICERS: &[EventKind] = &[
    EventKind::Transferred,
    EventKind::Taken,
    EventKind::Released,
    EventKind::Replied,
    EventKind::Closed,
    EventKind::Noted,
    EventKind::AppointmentEnabled,
    EventKind::AppointmentConfirmed,
    EventKind::AppointmentCancelled,
];

impl Change {
    /// The events that carry what it writes down; `None` if any event will do.
    pub const fn needs(self) -> Option<&'static [EventKind]> {
        match self {
            Self::HandOver => Some(&[EventKind::Assigned, EventKind::Transferred]),
            Self::TakeCharge => Some(&[EventKind::Taken]),
            Self::BarIfAsked => Some(&[EventKind::Replied]),
            Self::FlagOverdue => Some(&[EventKind::Elapsed]),
            Self::StartClock
            | Self::StopClock
            | Self::CountSolicit
            | Self::CountInteraction
            | Self::BarConversation
            | Self::EnableAppointment
            | Self::Book
            | Self::ConfirmAppointment
            | Self::CancelAppointment
            | Self::ReleaseCharge => None,
        }
    }

    /// The conditions without one of which it would break a promise: a third solicit, a second booking.
    pub const fn guards(self) -> &'static [Condition] {
        match self {
            Self::Book => &[Condition::NoBooking],
            Self::ConfirmAppointment => &[Condition::AppointmentBooked],
            Self::CancelAppointment => &[Condition::AppointmentActive],
            Self::CountSolicit => &[Condition::SolicitsLeft],
            Self::CountInteraction => &[Condition::InteractionsLeft],
            Self::HandOver => &[Condition::OtherSede],
            Self::TakeCharge => &[Condition::FreeOrMine, Condition::Takeover],
            Self::StartClock
            | Self::StopClock
            | Self::FlagOverdue
            | Self::BarConversation
            | Self::BarIfAsked
            | Self::EnableAppointment
            | Self::ReleaseCharge => &[],
        }
    }
}

/// The message without which the content of an event would be lost on its way.
pub const fn must_tell(event: EventKind) -> Option<Effect> {
    match event {
        EventKind::Assigned => Some(Effect::TellSede(SedeMessage::RequestAssigned)),
        EventKind::Transferred => Some(Effect::TellPreviousSede(SedeMessage::RequestRevoked)),
        EventKind::Replied => Some(Effect::TellPortal(PortalEvent::RequestReplied)),
        EventKind::Closed => Some(Effect::TellPortal(PortalEvent::RequestClosed)),
        EventKind::Messaged => Some(Effect::TellSede(SedeMessage::RequestMessage)),
        EventKind::Attached => Some(Effect::TellSede(SedeMessage::RequestAttached)),
        EventKind::Solicited => Some(Effect::TellSede(SedeMessage::RequestSolicited)),
        EventKind::Booked => Some(Effect::TellSede(SedeMessage::AppointmentBooked)),
        EventKind::Submitted
        | EventKind::Taken
        | EventKind::Released
        | EventKind::Noted
        | EventKind::AppointmentEnabled
        | EventKind::AppointmentConfirmed
        | EventKind::AppointmentCancelled
        | EventKind::Elapsed => None,
    }
}

/// Who can send an event at all: the commands of CONTRACT.md 1 and the engine's own doings.
pub const fn senders(event: EventKind) -> &'static [Party] {
    match event {
        EventKind::Messaged | EventKind::Attached | EventKind::Solicited | EventKind::Booked => {
            &[Party::Office, Party::Sender]
        }
        EventKind::Assigned => &[Party::Sede, Party::Engine],
        EventKind::Transferred
        | EventKind::Taken
        | EventKind::Released
        | EventKind::Replied
        | EventKind::Closed
        | EventKind::Noted
        | EventKind::AppointmentEnabled
        | EventKind::AppointmentConfirmed
        | EventKind::AppointmentCancelled => &[Party::Sede],
        EventKind::Submitted | EventKind::Elapsed => &[],
    }
}

//! The closed words of workflow files beside those of `domain::event`: conditions, changes of facts, effects.
//!
//! A new word is one variant here; the compiler then lists every place that must know it.

use crate::domain::event::{Effect, EventKind, MailKind, Party, PortalEvent, SedeMessage, words};

words!(
    /// What must hold for an event (`when`). Read from the facts beside the state, never from texts.
    Condition {
        Awaiting = "awaiting",
        Answered = "answered",
        SolicitsLeft = "solicits_left",
        SolicitOpen = "solicit_open",
        InteractionsLeft = "interactions_left",
        ConversationOpen = "conversation_open",
        ConversationOver = "conversation_over",
        AppointmentOpen = "appointment_open",
        AppointmentEnabled = "appointment_enabled",
        NoBooking = "no_booking",
        AppointmentBooked = "appointment_booked",
        AppointmentActive = "appointment_active",
        OtherSede = "other_sede",
        FreeOrMine = "free_or_mine",
        InMyCharge = "in_my_charge",
        AtDesk = "at_desk",
        ToDesk = "to_desk",
    }
);

impl Condition {
    /// What it asks, for the vocabulary table of docs/workflows.md.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Awaiting => "the clock runs: a message of the patronato has no answer yet",
            Self::Answered => "the clock stands: the sede has answered the last message",
            Self::SolicitsLeft => "fewer solicits sent than `limits.solicits`",
            Self::SolicitOpen => {
                "`days.solicit` have passed on the clock and, after a first solicit, `days.second_solicit` since it"
            }
            Self::InteractionsLeft => "fewer further messages than `limits.interactions`",
            Self::ConversationOpen => "the sede has not barred the conversation",
            Self::ConversationOver => "barred, or all interactions used and the last one answered",
            Self::AppointmentOpen => "the clock runs and `days.appointment` have passed on it",
            Self::AppointmentEnabled => "the sede has enabled the appointment",
            Self::NoBooking => "no appointment is booked or confirmed",
            Self::AppointmentBooked => "an appointment is booked and waits for the sede",
            Self::AppointmentActive => "an appointment is booked or confirmed",
            Self::OtherSede => "the sede named by the event is not the one that holds the request",
            Self::FreeOrMine => "no other officer has it in charge",
            Self::InMyCharge => "the officer who acts has it in charge",
            Self::AtDesk => "a desk (LineaINPS, unrouted) holds the request; chooses between alternatives",
            Self::ToDesk => "the sede named by the event is a desk; chooses between alternatives",
        }
    }

    /// Conditions that pick one of several ways of the same event; they are no reason to refuse it.
    pub const fn chooses(self) -> bool {
        match self {
            Self::AtDesk | Self::ToDesk => true,
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
            | Self::OtherSede
            | Self::FreeOrMine
            | Self::InMyCharge => false,
        }
    }
}

words!(
    /// What an event makes of the facts beside the state (`set`).
    Change {
        StartClock = "start_clock",
        StopClock = "stop_clock",
        FlagOverdue = "flag_overdue",
        CountSolicit = "count_solicit",
        CountInteraction = "count_interaction",
        BarConversation = "bar_conversation",
        BarIfAsked = "bar_if_asked",
        EnableAppointment = "enable_appointment",
        Book = "book",
        ConfirmAppointment = "confirm_appointment",
        CancelAppointment = "cancel_appointment",
        HandOver = "hand_over",
        TakeCharge = "take_charge",
        ReleaseCharge = "release_charge",
    }
);

impl Change {
    /// What it does, for the vocabulary table of docs/workflows.md.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::StartClock => "a new clock starts today; overdue and fired timers are forgotten",
            Self::StopClock => "nothing waits any more; overdue and fired timers are forgotten",
            Self::FlagOverdue => "the waiting ran over (only in `after`)",
            Self::CountSolicit => "keeps today as the date of the first or second solicit",
            Self::CountInteraction => "one more further message",
            Self::BarConversation => "the patronato may not write again",
            Self::BarIfAsked => "the same, if the reply says `continuation = barred`",
            Self::EnableAppointment => "the sede opens the appointment",
            Self::Book => "an appointment is booked",
            Self::ConfirmAppointment => "the booked appointment is confirmed",
            Self::CancelAppointment => "the appointment is cancelled; another may be booked",
            Self::HandOver => "the sede named by the event holds the request from now on",
            Self::TakeCharge => "the officer named by the event has it in charge",
            Self::ReleaseCharge => "nobody has it in charge",
        }
    }
}

impl Condition {
    /// The events that carry what it reads; `None` if it reads facts alone.
    pub const fn needs(self) -> Option<&'static [EventKind]> {
        match self {
            Self::OtherSede | Self::ToDesk => Some(&[EventKind::Assigned, EventKind::Transferred]),
            Self::FreeOrMine | Self::InMyCharge => Some(OF_OFFICERS),
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

    /// The condition without which it would break a promise: a third solicit, a second booking.
    pub const fn guard(self) -> Option<Condition> {
        match self {
            Self::Book => Some(Condition::NoBooking),
            Self::ConfirmAppointment => Some(Condition::AppointmentBooked),
            Self::CancelAppointment => Some(Condition::AppointmentActive),
            Self::CountSolicit => Some(Condition::SolicitsLeft),
            Self::CountInteraction => Some(Condition::InteractionsLeft),
            Self::HandOver => Some(Condition::OtherSede),
            Self::TakeCharge => Some(Condition::FreeOrMine),
            Self::StartClock
            | Self::StopClock
            | Self::FlagOverdue
            | Self::BarConversation
            | Self::BarIfAsked
            | Self::EnableAppointment
            | Self::ReleaseCharge => None,
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

/// An effect as workflow files write it: `sede:request.assigned`, `mail:reply`.
pub fn effect_word(effect: Effect) -> String {
    match effect {
        Effect::TellSede(message) => format!("sede:{message}"),
        Effect::TellPreviousSede(message) => format!("previous-sede:{message}"),
        Effect::TellPortal(event) => format!("portal:{event}"),
        Effect::Mail(kind) => format!("mail:{kind}"),
    }
}

/// Every effect a workflow may name. `command.refused` is not among them: the engine sends it by itself.
pub fn every_effect() -> impl Iterator<Item = Effect> {
    let sede = SedeMessage::ALL.iter().copied();
    let portal = PortalEvent::ALL.iter().copied();
    sede.clone()
        .map(Effect::TellSede)
        .chain(sede.map(Effect::TellPreviousSede))
        .chain(
            portal
                .filter(|event| *event != PortalEvent::CommandRefused)
                .map(Effect::TellPortal),
        )
        .chain(MailKind::ALL.iter().copied().map(Effect::Mail))
}

/// The effect of a word; `None` if there is none.
pub fn effect_of(word: &str) -> Option<Effect> {
    let (target, name) = word.split_once(':')?;
    match target {
        "sede" => SedeMessage::from_word(name).map(Effect::TellSede),
        "previous-sede" => SedeMessage::from_word(name).map(Effect::TellPreviousSede),
        "portal" => PortalEvent::from_word(name)
            .filter(|event| *event != PortalEvent::CommandRefused)
            .map(Effect::TellPortal),
        "mail" => MailKind::from_word(name).map(Effect::Mail),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_read_back_what_they_write() {
        for effect in every_effect() {
            assert_eq!(effect_of(&effect_word(effect)), Some(effect));
        }
        for wrong in [
            "",
            "mail",
            "mail:",
            "mail:hello",
            "portal:command.refused",
            "fax:reply",
        ] {
            assert_eq!(effect_of(wrong), None, "{wrong}");
        }
    }
}

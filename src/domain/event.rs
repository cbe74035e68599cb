//! What can happen to a request, who does it, and what follows: the closed vocabulary of workflow files.
//!
//! Topology is data (`workflows/*.toml`), vocabulary is Rust: a new word is one variant here, and the compiler
//! lists the places that must know it.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use super::case::Continuation;
use super::command::CommandKind;
use super::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode};

/// Declares an enum whose variants have one wire word each, in both directions.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::domain::event::read_word(deserializer, &[$($word),+], Self::from_word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use words;

/// Reads one of `words`, as a text and nothing else: serde alone would also take `{"word": null}`.
pub(crate) fn read_word<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    words: &'static [&'static str],
    from_word: fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(WordVisitor { words, from_word })
}

struct WordVisitor<T> {
    words: &'static [&'static str],
    from_word: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for WordVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {}", self.words.join(", "))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.from_word)(text).ok_or_else(|| E::unknown_variant(text, self.words))
    }
}

words!(
    /// The kinds of event, as history and workflow files name them.
    EventKind {
        Submitted = "submitted",
        Assigned = "assigned",
        Transferred = "transferred",
        Taken = "taken",
        Released = "released",
        Replied = "replied",
        Closed = "closed",
        Noted = "noted",
        Messaged = "messaged",
        Attached = "attached",
        Solicited = "solicited",
        Booked = "booked",
        AppointmentEnabled = "appointment_enabled",
        AppointmentConfirmed = "appointment_confirmed",
        AppointmentCancelled = "appointment_cancelled",
        /// A timer (`after."16d"`) of the waiting clock ran out.
        Elapsed = "elapsed",
    }
);

impl EventKind {
    /// The command that brings it about; none for what the engine does by itself.
    pub const fn command(self) -> Option<CommandKind> {
        match self {
            Self::Submitted => Some(CommandKind::Submit),
            Self::Assigned => Some(CommandKind::Assign),
            Self::Transferred => Some(CommandKind::Transfer),
            Self::Taken => Some(CommandKind::Take),
            Self::Released => Some(CommandKind::Release),
            Self::Replied => Some(CommandKind::Reply),
            Self::Closed => Some(CommandKind::Close),
            Self::Noted => Some(CommandKind::Note),
            Self::Messaged => Some(CommandKind::Message),
            Self::Attached => Some(CommandKind::Attach),
            Self::Solicited => Some(CommandKind::Solicit),
            Self::Booked => Some(CommandKind::Book),
            Self::AppointmentEnabled => Some(CommandKind::EnableAppointment),
            Self::AppointmentConfirmed => Some(CommandKind::ConfirmAppointment),
            Self::AppointmentCancelled => Some(CommandKind::CancelAppointment),
            Self::Elapsed => None,
        }
    }

    /// Whether it is the sede's own affair: no patronato ever sees it.
    pub const fn is_internal(self) -> bool {
        match self {
            Self::Noted | Self::Taken | Self::Released => true,
            Self::Submitted
            | Self::Assigned
            | Self::Transferred
            | Self::Replied
            | Self::Closed
            | Self::Messaged
            | Self::Attached
            | Self::Solicited
            | Self::Booked
            | Self::AppointmentEnabled
            | Self::AppointmentConfirmed
            | Self::AppointmentCancelled
            | Self::Elapsed => false,
        }
    }

    /// To whom it is news worth reading.
    pub const fn news_to(self) -> Option<Side> {
        match self {
            Self::Replied
            | Self::Closed
            | Self::AppointmentEnabled
            | Self::AppointmentConfirmed
            | Self::AppointmentCancelled => Some(Side::Patronato),
            Self::Submitted
            | Self::Assigned
            | Self::Transferred
            | Self::Messaged
            | Self::Attached
            | Self::Solicited
            | Self::Booked => Some(Side::Sede),
            Self::Taken | Self::Released | Self::Noted | Self::Elapsed => None,
        }
    }
}

words!(
    /// One of the two that write to each other.
    Side {
        Patronato = "patronato",
        Sede = "sede",
    }
);

words!(
    /// How an officer takes a request in charge.
    Claim {
        /// Only if nobody else has it.
        IfFree = "if_free",
        /// Also from a colleague, with a reason.
        TakeOver = "take_over",
    }
);

/// An event with what a decision needs to know of it. Texts, attachments and reasons travel beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Assigned {
        sede: SedeCode,
    },
    Transferred {
        sede: SedeCode,
    },
    Taken {
        officer: ActorId,
        claim: Claim,
    },
    Released,
    Replied {
        continuation: Continuation,
    },
    Closed,
    Noted,
    Messaged,
    Attached,
    Solicited,
    Booked,
    AppointmentEnabled,
    AppointmentConfirmed,
    AppointmentCancelled,
    /// The timer at `days` of the waiting clock.
    Elapsed {
        days: u16,
    },
}

impl Event {
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Assigned { .. } => EventKind::Assigned,
            Self::Transferred { .. } => EventKind::Transferred,
            Self::Taken { .. } => EventKind::Taken,
            Self::Released => EventKind::Released,
            Self::Replied { .. } => EventKind::Replied,
            Self::Closed => EventKind::Closed,
            Self::Noted => EventKind::Noted,
            Self::Messaged => EventKind::Messaged,
            Self::Attached => EventKind::Attached,
            Self::Solicited => EventKind::Solicited,
            Self::Booked => EventKind::Booked,
            Self::AppointmentEnabled => EventKind::AppointmentEnabled,
            Self::AppointmentConfirmed => EventKind::AppointmentConfirmed,
            Self::AppointmentCancelled => EventKind::AppointmentCancelled,
            Self::Elapsed { .. } => EventKind::Elapsed,
        }
    }
}

/// Who brings an event about, as its message proved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "actor", rename_all = "snake_case")]
pub enum Actor {
    Operator {
        id: ActorId,
        patronato: PatronatoCode,
        office: OfficeCode,
    },
    /// An officer of a sede or of a desk.
    Officer { id: ActorId, sede: SedeCode },
    /// The engine: timers and automatic routing.
    Engine,
}

words!(
    /// Who may bring an event about, as workflow files say in `by`.
    Party {
        /// Anyone of the request's own patronato office.
        Office = "office",
        /// Only the operator who sent the request.
        Sender = "sender",
        /// An officer of the sede or desk that holds the request now.
        Sede = "sede",
        /// The engine itself.
        Engine = "engine",
    }
);

words!(
    /// Messages to the queue of a sede.
    SedeMessage {
        RequestAssigned = "request.assigned",
        RequestMessage = "request.message",
        RequestAttached = "request.attached",
        RequestSolicited = "request.solicited",
        AppointmentBooked = "appointment.booked",
        RequestRevoked = "request.revoked",
    }
);

words!(
    /// Events to the queue of a portal.
    PortalEvent {
        RequestAccepted = "request.accepted",
        CommandRefused = "command.refused",
        RequestAssigned = "request.assigned",
        RequestTransferred = "request.transferred",
        RequestReplied = "request.replied",
        RequestClosed = "request.closed",
        RequestOverdue = "request.overdue",
        RequestSolicited = "request.solicited",
        AttachmentAdded = "attachment.added",
        AppointmentEnabled = "appointment.enabled",
        AppointmentBooked = "appointment.booked",
        AppointmentConfirmed = "appointment.confirmed",
        AppointmentCancelled = "appointment.cancelled",
    }
);

words!(
    /// Mails to operators. The word is also the name of the template.
    MailKind {
        /// The sede answered.
        Reply = "reply",
        /// The sede closed the request without continuation.
        Closed = "closed",
        /// The waiting ran over its days: solicit and appointment are open.
        Overdue = "overdue",
        AppointmentEnabled = "appointment_enabled",
        /// The receipt of a booking.
        AppointmentBooked = "appointment_booked",
        AppointmentConfirmed = "appointment_confirmed",
        AppointmentCancelled = "appointment_cancelled",
        /// A request that was taken in was refused later; it has no protocol number.
        Refused = "refused",
        /// What a person wants to hear of once a day.
        Digest = "digest",
    }
);

impl MailKind {
    /// Whether a workflow may ask for it. The rest the engine sends by itself.
    pub const fn is_effect(self) -> bool {
        match self {
            Self::Reply
            | Self::Closed
            | Self::Overdue
            | Self::AppointmentEnabled
            | Self::AppointmentBooked
            | Self::AppointmentConfirmed
            | Self::AppointmentCancelled => true,
            Self::Refused | Self::Digest => false,
        }
    }
}

/// What has to leave the engine when an event is decided. Named here, carried out by the relay and the mailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// To the sede that holds the request after the event.
    TellSede(SedeMessage),
    /// To the sede that held it before.
    TellPreviousSede(SedeMessage),
    TellPortal(PortalEvent),
    Mail(MailKind),
}

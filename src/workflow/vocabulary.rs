//! The closed words of workflow files beside those of `domain::event`: conditions and changes of facts.
//!
//! A new word is one variant here; the compiler then lists every place that must know it.

mod constraints;
mod effects;
mod table;

pub use constraints::{must_tell, senders};
pub use effects::{effect_of, effect_word, every_effect};
pub use table::table;

use crate::domain::event::words;

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
        Takeover = "takeover",
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
            Self::FreeOrMine => "no other officer has it in charge, or no longer (`limits.charge_minutes`)",
            Self::Takeover => "the officer who takes it gives a reason to take it over",
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
            | Self::Takeover
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
            Self::TakeCharge => {
                "the officer named by the event has it in charge for `limits.charge_minutes`, anew with each act"
            }
            Self::ReleaseCharge => "nobody has it in charge",
        }
    }
}

//! The situations made-up requests get into, and the way there.

use serde_json::{Value, json};

use super::people::{office, officer, operator, submission};
use crate::domain::command::CommandKind;
use crate::domain::event::words;
use crate::domain::ids::RequestId;

words!(
    /// Where a made-up request stands in the end.
    Situation {
        New = "new",
        Waiting = "waiting",
        Overdue = "overdue",
        Solicited = "solicited",
        SolicitedTwice = "solicited_twice",
        Answered = "answered",
        Conversing = "conversing",
        ConversationOver = "conversation_over",
        Closed = "closed",
        Booked = "booked",
    }
);

/// A command, so many days after the submission.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) day: u16,
    pub(super) kind: CommandKind,
}

const fn step(day: u16, kind: CommandKind) -> Step {
    Step { day, kind }
}

impl Situation {
    /// How many days ago it began.
    pub(super) const fn age(self) -> u16 {
        match self {
            Self::New => 0,
            Self::Waiting => 9,
            Self::Overdue => 20,
            Self::Solicited => 22,
            Self::SolicitedTwice => 38,
            Self::Answered => 12,
            Self::Conversing => 24,
            Self::ConversationOver => 45,
            Self::Closed => 16,
            Self::Booked => 25,
        }
    }

    /// What happens after the submission.
    pub(super) fn steps(self) -> Vec<Step> {
        use CommandKind::{Book, Close, ConfirmAppointment, Message, Reply, Solicit, Take};
        match self {
            Self::New | Self::Overdue => Vec::new(),
            Self::Waiting => vec![step(2, Take)],
            Self::Solicited => vec![step(16, Solicit)],
            Self::SolicitedTwice => vec![step(15, Solicit), step(31, Solicit)],
            Self::Answered => vec![step(3, Take), step(8, Reply)],
            Self::Conversing => vec![step(6, Reply), step(9, Message)],
            Self::ConversationOver => vec![
                step(5, Reply),
                step(7, Message),
                step(18, Reply),
                step(20, Message),
                step(33, Reply),
            ],
            Self::Closed => vec![step(10, Close)],
            Self::Booked => vec![step(17, Solicit), step(18, Book), step(20, ConfirmAppointment)],
        }
    }
}

/// The body of a step of the request of this number.
pub(super) fn body(kind: CommandKind, number: usize, id: RequestId) -> Value {
    if kind == CommandKind::Submit {
        return submission(number, id);
    }
    let mut body = if kind.is_of_portal() {
        json!({ "request_id": id, "operator": operator(number), "office": office(number) })
    } else {
        json!({ "request_id": id, "officer": officer() })
    };
    let more = match kind {
        CommandKind::Message => {
            json!({ "text": "Grazie. Si chiede inoltre da quando decorre la prestazione." })
        }
        CommandKind::Book => json!({ "wish": "Di mattina, se possibile." }),
        CommandKind::Reply => {
            json!({ "text": "La domanda può essere presentata dal portale, con i documenti indicati." })
        }
        CommandKind::Close => json!({ "reason": "Richiesta già evasa con altra pratica." }),
        CommandKind::ConfirmAppointment => {
            json!({ "at": "2030-01-15T10:30:00+01:00", "place": "Sportello 3" })
        }
        CommandKind::Submit
        | CommandKind::Attach
        | CommandKind::Solicit
        | CommandKind::Take
        | CommandKind::Release
        | CommandKind::Assign
        | CommandKind::Transfer
        | CommandKind::EnableAppointment
        | CommandKind::Note
        | CommandKind::CancelAppointment => json!({}),
    };
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_story_ends_by_today_in_its_order() {
        for situation in Situation::ALL {
            let steps = situation.steps();
            assert!(steps.is_sorted_by_key(|step| step.day), "{situation}");
            assert!(
                steps.iter().all(|step| step.day <= situation.age()),
                "{situation}"
            );
        }
    }
}

//! The whole vocabulary as Markdown: the tables of docs/workflows.md, kept true by a test.

use std::fmt::Write as _;

use super::{Change, Condition, effect_word, every_effect, senders};
use crate::domain::event::{Effect, EventKind, MailKind, Party, PortalEvent, SedeMessage};

/// Every word a workflow file may use, with its meaning.
pub fn table() -> String {
    let mut text = String::new();
    let events = EventKind::ALL
        .iter()
        .filter(|event| **event != EventKind::Submitted);
    section(
        &mut text,
        "Events (`on`, `ignore`)",
        events.map(|event| (event.to_string(), event_meaning(*event))),
    );
    section(
        &mut text,
        "Parties (`by`)",
        Party::ALL
            .iter()
            .map(|party| (party.to_string(), party_meaning(*party))),
    );
    let conditions = Condition::ALL
        .iter()
        .map(|word| (word.to_string(), word.meaning().to_owned()));
    section(&mut text, "Conditions (`when`)", conditions);
    let changes = Change::ALL
        .iter()
        .map(|word| (word.to_string(), word.meaning().to_owned()));
    section(&mut text, "Changes (`set`)", changes);
    section(
        &mut text,
        "Effects (`do`)",
        every_effect().map(|effect| (effect_word(effect), effect_meaning(effect))),
    );
    text
}

fn section(text: &mut String, title: &str, rows: impl Iterator<Item = (String, String)>) {
    write!(text, "### {title}\n\n| word | meaning |\n|---|---|\n").expect("writing to a String succeeds");
    for (word, meaning) in rows {
        writeln!(text, "| `{word}` | {meaning} |").expect("writing to a String succeeds");
    }
    text.push('\n');
}

fn event_meaning(event: EventKind) -> String {
    let meaning = match event {
        EventKind::Submitted => "a portal submits a request (`[opening]`)",
        EventKind::Assigned => "a desk or the router gives it to a sede; carries the sede",
        EventKind::Transferred => "a sede gives it to another; carries the sede",
        EventKind::Taken => "an officer takes it in charge",
        EventKind::Released => "the officer in charge lets it go",
        EventKind::Replied => "the answer; carries whether the conversation may go on",
        EventKind::Closed => "closed without an answer to write",
        EventKind::Noted => "an internal note no patronato ever sees",
        EventKind::Messaged => "the patronato writes again",
        EventKind::Attached => "the patronato adds documents",
        EventKind::Solicited => "the patronato solicits an answer",
        EventKind::Booked => "the patronato books an appointment",
        EventKind::AppointmentEnabled => "the sede opens the appointment",
        EventKind::AppointmentConfirmed => "the sede confirms the booked appointment",
        EventKind::AppointmentCancelled => "the sede cancels the appointment",
        EventKind::Elapsed => "a timer of the clock ran out; written as `after`, may only be ignored",
    };
    let parties: Vec<&str> = senders(event).iter().map(|party| party.as_str()).collect();
    if parties.is_empty() {
        meaning.to_owned()
    } else {
        format!("{meaning}. By: {}", parties.join(", "))
    }
}

fn party_meaning(party: Party) -> String {
    let meaning = match party {
        Party::Office => "anyone of the patronato office that sent the request",
        Party::Sender => "only the operator who sent it (R-113)",
        Party::Sede => "an officer of the sede or desk that holds it now",
        Party::Engine => "the engine: router and timers",
    };
    meaning.to_owned()
}

fn effect_meaning(effect: Effect) -> String {
    match effect {
        Effect::TellSede(message) => format!(
            "to the queue of the sede that holds it after the event: {}",
            sede_meaning(message)
        ),
        Effect::TellPreviousSede(message) => format!(
            "to the queue of the sede that held it before: {}",
            sede_meaning(message)
        ),
        Effect::TellPortal(event) => format!("to the portal of its patronato: {}", portal_meaning(event)),
        Effect::Mail(kind) => format!(
            "to the operator who sent it, template `{kind}`: {}",
            mail_meaning(kind)
        ),
    }
}

const fn sede_meaning(message: SedeMessage) -> &'static str {
    match message {
        SedeMessage::RequestAssigned => "everything needed to work on it",
        SedeMessage::RequestMessage => "a further message",
        SedeMessage::RequestAttached => "further documents",
        SedeMessage::RequestSolicited => "a solicit",
        SedeMessage::AppointmentBooked => "an appointment was booked",
        SedeMessage::RequestRevoked => "it lies elsewhere now",
    }
}

const fn portal_meaning(event: PortalEvent) -> &'static str {
    match event {
        PortalEvent::RequestAccepted => "accepted, with protocol number and first dates",
        PortalEvent::CommandRefused => "a command was refused",
        PortalEvent::RequestAssigned => "assigned to a sede",
        PortalEvent::RequestTransferred => "transferred to another sede",
        PortalEvent::RequestReplied => "the answer",
        PortalEvent::RequestClosed => "closed",
        PortalEvent::RequestOverdue => "it has waited too long",
        PortalEvent::RequestSolicited => "the solicit was taken",
        PortalEvent::AttachmentAdded => "the documents were taken",
        PortalEvent::AppointmentEnabled => "an appointment may be booked",
        PortalEvent::AppointmentBooked => "the booking was taken",
        PortalEvent::AppointmentConfirmed => "the appointment is confirmed",
        PortalEvent::AppointmentCancelled => "the appointment is cancelled",
    }
}

const fn mail_meaning(kind: MailKind) -> &'static str {
    match kind {
        MailKind::Reply => "an answer arrived",
        MailKind::Closed => "the request was closed",
        MailKind::Overdue => "it has waited too long: solicit and appointment are open",
        MailKind::AppointmentEnabled => "an appointment may be booked",
        MailKind::AppointmentBooked => "the booking was taken and waits for the sede",
        MailKind::AppointmentConfirmed => "the appointment is confirmed",
        MailKind::AppointmentCancelled => "the appointment is cancelled",
        MailKind::Refused => "the request was refused after it had been taken in",
        MailKind::Digest => "what happened since yesterday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_the_documentation_are_those_of_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/workflows.md");
        let text = std::fs::read_to_string(path).unwrap();
        let begin = "<!-- vocabulary: generated, see src/workflow/vocabulary/table.rs -->\n\n";
        let (_, rest) = text
            .split_once(begin)
            .expect("docs/workflows.md marks where the vocabulary begins");
        let (written, _) = rest
            .split_once("<!-- end of vocabulary -->")
            .expect("and where it ends");
        assert!(
            written == table(),
            "replace the vocabulary of docs/workflows.md by:\n\n{}",
            table()
        );
    }
}

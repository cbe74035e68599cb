//! The Italian of refusals: one sentence for the person who acted (UX.md).

mod phrases;
mod values;

pub(super) use phrases::{date, days};
pub(super) use values::{reason, sender_reason, state_reason};

use phrases::{action, solicits, way};
use values::values;

use super::question::Question;
use super::vocabulary::Condition;
use crate::domain::event::EventKind;
use crate::domain::refusal::{Refusal, RefusalCode};

pub(super) fn wrong_state(question: &Question<'_>, event: EventKind) -> Refusal {
    let label = question
        .state()
        .map_or_else(String::new, |state| format!("Nello stato «{}» ", state.label));
    Refusal::new(
        RefusalCode::StateConflict,
        format!("{label}non è possibile {}.", action(event)),
    )
}

pub(super) fn not_for_you(event: EventKind) -> Refusal {
    Refusal::new(
        RefusalCode::StateConflict,
        format!("Non ti è possibile {}.", action(event)),
    )
}

pub(super) fn not_sender(event: EventKind) -> Refusal {
    let message = format!("Solo chi ha inviato la richiesta può {}.", action(event));
    Refusal::new(RefusalCode::NotSender, message)
}

/// The answer to an event that this condition alone keeps back.
pub(super) fn refusal(question: &Question<'_>, condition: Condition) -> Refusal {
    let facts = &question.case.facts;
    let limits = question.workflow.limits;
    let (code, message) = match condition {
        Condition::Awaiting => (RefusalCode::StateConflict, "La richiesta non attende risposta.".to_owned()),
        Condition::Answered => {
            (RefusalCode::AwaitingReply, "Attendi la risposta della sede prima di scrivere ancora.".to_owned())
        }
        Condition::SolicitsLeft => {
            (RefusalCode::LimitReached, format!("Hai già inviato {}.", solicits(facts.solicits())))
        }
        Condition::SolicitOpen => (RefusalCode::NotYet, solicit_sentence(question)),
        Condition::InteractionsLeft => (RefusalCode::LimitReached, interactions_sentence(limits.interactions)),
        Condition::ConversationOpen => (
            RefusalCode::ConversationClosed,
            "La sede ha chiuso la conversazione: puoi inoltrare una nuova richiesta o prenotare un appuntamento."
                .to_owned(),
        ),
        Condition::AppointmentOpen => (RefusalCode::NotYet, appointment_sentence(question)),
        Condition::ConversationOver | Condition::AppointmentEnabled => {
            (RefusalCode::NotYet, format!("{}.", values(question, condition, false)))
        }
        Condition::NoBooking => (RefusalCode::AlreadyBooked, "Hai già prenotato un appuntamento.".to_owned()),
        Condition::AppointmentBooked => {
            (RefusalCode::StateConflict, "Non c'è un appuntamento da confermare.".to_owned())
        }
        Condition::AppointmentActive => {
            (RefusalCode::StateConflict, "Non c'è un appuntamento da annullare.".to_owned())
        }
        Condition::OtherSede => (RefusalCode::StateConflict, "La richiesta è già presso questa sede.".to_owned()),
        Condition::FreeOrMine | Condition::Takeover => (
            RefusalCode::StateConflict,
            "La richiesta è in carico a un altro funzionario: per subentrare indica il motivo.".to_owned(),
        ),
        Condition::InMyCharge | Condition::AtDesk | Condition::ToDesk => {
            (RefusalCode::StateConflict, format!("{}.", values(question, condition, false)))
        }
    };
    Refusal::new(code, message)
}

fn interactions_sentence(limit: u8) -> String {
    let used = if limit == 1 {
        "Hai usato l'unica interazione prevista".to_owned()
    } else {
        format!("Hai usato le {limit} interazioni previste")
    };
    format!("{used}: puoi inoltrare una nuova richiesta o prenotare un appuntamento.")
}

/// "Potrai sollecitare dal 05/11/2020 (15 giorni dall'inoltro)."
fn solicit_sentence(question: &Question<'_>) -> String {
    let facts = &question.case.facts;
    let workflow = question.workflow;
    let Some(from) = question.opens_on(Condition::SolicitOpen) else {
        return "Non è possibile sollecitare.".to_owned();
    };
    let waiting = workflow.thresholds.solicit.zip(facts.awaiting_since);
    // After a follow-up the new clock may open later than the first solicit's days.
    let by_clock = waiting.is_none_or(|(days, since)| workflow.calendar.add(since, days) == from);
    match (facts.first_solicit, workflow.thresholds.second_solicit) {
        (Some(_), Some(threshold)) if !by_clock => {
            let days = days(u32::from(threshold), workflow.calendar.days);
            format!(
                "Potrai sollecitare di nuovo dal {} ({days} dal primo sollecito).",
                date(from)
            )
        }
        (_, _) => {
            let days = days(
                u32::from(workflow.thresholds.solicit.unwrap_or(0)),
                workflow.calendar.days,
            );
            format!(
                "Potrai sollecitare dal {} ({days} {}).",
                date(from),
                since_what(question)
            )
        }
    }
}

fn appointment_sentence(question: &Question<'_>) -> String {
    let threshold = u32::from(question.workflow.thresholds.appointment.unwrap_or(0));
    let days = days(threshold, question.workflow.calendar.days);
    question.opens_on(Condition::AppointmentOpen).map_or_else(
        || "Per ora non puoi prenotare un appuntamento.".to_owned(),
        |from| {
            format!(
                "Potrai prenotare un appuntamento dal {} ({days} {}).",
                date(from),
                since_what(question)
            )
        },
    )
}

const fn since_what(question: &Question<'_>) -> &'static str {
    if question.case.facts.interactions == 0 {
        "dall'inoltro"
    } else {
        "dall'ultimo messaggio"
    }
}

/// The answer where one of several conditions would have been enough and none holds.
pub(super) fn none_of(conditions: &[Condition]) -> Refusal {
    let ways: Vec<&str> = conditions.iter().map(|condition| way(*condition)).collect();
    let message = format!("È possibile solo {}.", ways.join(", oppure "));
    Refusal::new(RefusalCode::NotYet, message)
}

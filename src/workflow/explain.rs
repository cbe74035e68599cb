//! The Italian of refusals: the sentence for the person who acted, and each condition with its values (UX.md).

use chrono::NaiveDate;

use super::question::Question;
use super::vocabulary::Condition;
use crate::domain::calendar::DayCount;
use crate::domain::event::EventKind;
use crate::domain::refusal::{Reason, Refusal, RefusalCode};

pub(super) fn date(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}

/// "1 giorno", "15 giorni lavorativi".
fn days(count: u32, kind: DayCount) -> String {
    let noun = if count == 1 { "giorno" } else { "giorni" };
    match kind {
        DayCount::Calendar => format!("{count} {noun}"),
        DayCount::Working if count == 1 => format!("{count} {noun} lavorativo"),
        DayCount::Working => format!("{count} {noun} lavorativi"),
    }
}

fn solicits(count: u8) -> String {
    let noun = if count == 1 { "sollecito" } else { "solleciti" };
    format!("{count} {noun}")
}

fn interactions(count: u8) -> String {
    let noun = if count == 1 { "interazione" } else { "interazioni" };
    format!("{count} {noun}")
}

/// What an event does, as in "non è possibile ...".
pub(super) const fn action(event: EventKind) -> &'static str {
    match event {
        EventKind::Submitted => "inviare la richiesta",
        EventKind::Assigned => "assegnare la richiesta",
        EventKind::Transferred => "trasferire la richiesta",
        EventKind::Taken => "prendere in carico la richiesta",
        EventKind::Released => "rilasciare la richiesta",
        EventKind::Replied => "rispondere",
        EventKind::Closed => "chiudere la richiesta",
        EventKind::Noted => "aggiungere una nota",
        EventKind::Messaged => "scrivere un messaggio",
        EventKind::Attached => "allegare documenti",
        EventKind::Solicited => "sollecitare",
        EventKind::Booked => "prenotare un appuntamento",
        EventKind::AppointmentEnabled => "abilitare l'appuntamento",
        EventKind::AppointmentConfirmed => "confermare l'appuntamento",
        EventKind::AppointmentCancelled => "annullare l'appuntamento",
        EventKind::Elapsed => "far scadere l'attesa",
    }
}

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

/// The place of the state among the reasons, where the event has no rule in it.
pub(super) fn state_reason(question: &Question<'_>) -> Reason {
    let label = question.state().map_or("", |state| &state.label);
    reason_of("state", false, format!("Lo stato è «{label}»"))
}

pub(super) fn sender_reason(holds: bool) -> Reason {
    let text = if holds {
        "La richiesta è tua"
    } else {
        "La richiesta è di un altro operatore"
    };
    reason_of("sender", holds, text.to_owned())
}

fn reason_of(condition: &str, holds: bool, message: String) -> Reason {
    Reason {
        condition: condition.to_owned(),
        holds,
        message,
        available_from: None,
    }
}

/// A condition with the values it was judged by.
pub(super) fn reason(question: &Question<'_>, condition: Condition) -> Reason {
    let holds = question.holds(condition);
    let available_from = question.opens_on(condition).filter(|_| !holds);
    Reason {
        available_from,
        ..reason_of(condition.as_str(), holds, values(question, condition, holds))
    }
}

fn values(question: &Question<'_>, condition: Condition, holds: bool) -> String {
    let facts = &question.case.facts;
    let limits = question.workflow.limits;
    let either = |yes: &str, no: &str| if holds { yes.to_owned() } else { no.to_owned() };
    match condition {
        Condition::Awaiting | Condition::Answered => facts.awaiting_since.map_or_else(
            || "Nessuna risposta è attesa".to_owned(),
            |since| format!("In attesa di risposta dal {}", date(since)),
        ),
        Condition::SolicitsLeft => format!("{} su {}", solicits(facts.solicits()), limits.solicits),
        Condition::SolicitOpen => solicit_values(question),
        Condition::InteractionsLeft => {
            format!("{} su {}", interactions(facts.interactions), limits.interactions)
        }
        Condition::ConversationOpen => either(
            "La sede non ha chiuso la conversazione",
            "La sede ha chiuso la conversazione",
        ),
        Condition::ConversationOver => either(
            "La conversazione non può continuare",
            "La conversazione può ancora continuare",
        ),
        Condition::AppointmentOpen => waiting_values(question, question.workflow.thresholds.appointment),
        Condition::AppointmentEnabled => either(
            "La sede ha abilitato l'appuntamento",
            "La sede non ha abilitato l'appuntamento",
        ),
        Condition::NoBooking => either(
            "Nessun appuntamento prenotato",
            "C'è già un appuntamento prenotato",
        ),
        Condition::AppointmentBooked => either(
            "Un appuntamento attende conferma",
            "Nessun appuntamento attende conferma",
        ),
        Condition::AppointmentActive => {
            either("C'è un appuntamento prenotato", "Nessun appuntamento prenotato")
        }
        Condition::OtherSede => either("La sede indicata è un'altra", "La sede indicata è quella attuale"),
        Condition::FreeOrMine => either(
            "Nessun altro l'ha in carico",
            "La richiesta è in carico a un altro funzionario",
        ),
        Condition::InMyCharge => either(
            "La richiesta è in carico a te",
            "La richiesta non è in carico a te",
        ),
        Condition::AtDesk => either(
            "La richiesta è presso uno sportello",
            "La richiesta è presso una sede",
        ),
        Condition::ToDesk => either("La destinazione è uno sportello", "La destinazione è una sede"),
    }
}

/// "13 giorni di attesa su 15".
fn waiting_values(question: &Question<'_>, threshold: Option<u16>) -> String {
    let calendar = question.workflow.calendar;
    match (question.case.facts.awaiting_since, threshold) {
        (Some(since), Some(threshold)) => {
            let passed = calendar.between(since, question.today);
            format!("{} di attesa su {threshold}", days(passed, calendar.days))
        }
        (None, _) | (_, None) => "Nessuna risposta è attesa".to_owned(),
    }
}

fn solicit_values(question: &Question<'_>) -> String {
    let facts = &question.case.facts;
    let workflow = question.workflow;
    match (facts.first_solicit, workflow.thresholds.second_solicit) {
        (Some(first), Some(threshold))
            if facts.second_solicit.is_none() && facts.awaiting_since.is_some() =>
        {
            let passed = workflow.calendar.between(first, question.today);
            format!(
                "{} dal primo sollecito su {threshold}",
                days(passed, workflow.calendar.days)
            )
        }
        (Some(_), _) if facts.second_solicit.is_some() => "Il secondo sollecito è già partito".to_owned(),
        (_, _) => waiting_values(question, workflow.thresholds.solicit),
    }
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
        Condition::FreeOrMine | Condition::InMyCharge | Condition::AtDesk | Condition::ToDesk => {
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

/// A condition as one of several ways: "È possibile solo ..., oppure ...".
const fn way(condition: Condition) -> &'static str {
    match condition {
        Condition::Awaiting => "se una risposta è attesa",
        Condition::Answered => "dopo la risposta della sede",
        Condition::SolicitsLeft => "se restano solleciti",
        Condition::SolicitOpen => "passati i giorni per il sollecito",
        Condition::InteractionsLeft => "se restano interazioni",
        Condition::ConversationOpen => "se la conversazione è aperta",
        Condition::ConversationOver => "se la conversazione non può continuare",
        Condition::AppointmentOpen => "dopo una lunga attesa senza risposta",
        Condition::AppointmentEnabled => "se la sede ha abilitato l'appuntamento",
        Condition::NoBooking => "se nessun appuntamento è prenotato",
        Condition::AppointmentBooked => "se un appuntamento attende conferma",
        Condition::AppointmentActive => "se un appuntamento è prenotato",
        Condition::OtherSede => "verso un'altra sede",
        Condition::FreeOrMine => "se nessun altro l'ha in carico",
        Condition::InMyCharge => "se è in carico a te",
        Condition::AtDesk => "presso uno sportello",
        Condition::ToDesk => "verso uno sportello",
    }
}

//! Each condition with the values it was judged by: the lines below "perché no?".

use super::phrases::{date, days, interactions, solicits};
use crate::domain::refusal::Reason;
use crate::workflow::question::Question;
use crate::workflow::vocabulary::Condition;

/// The place of the state among the reasons, where the event has no rule in it.
pub(in crate::workflow) fn state_reason(question: &Question<'_>) -> Reason {
    let label = question.state().map_or("", |state| &state.label);
    reason_of("state", false, format!("Lo stato è «{label}»"))
}

pub(in crate::workflow) fn sender_reason(holds: bool) -> Reason {
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
pub(in crate::workflow) fn reason(question: &Question<'_>, condition: Condition) -> Reason {
    let holds = question.holds(condition);
    let available_from = question.opens_on(condition).filter(|_| !holds);
    Reason {
        available_from,
        ..reason_of(condition.as_str(), holds, values(question, condition, holds))
    }
}

pub(super) fn values(question: &Question<'_>, condition: Condition, holds: bool) -> String {
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
        Condition::Takeover => either(
            "Puoi subentrare indicando il motivo",
            "Per subentrare occorre un motivo",
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

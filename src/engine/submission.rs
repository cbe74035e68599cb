//! Whether a submission is allowed, and where it goes: the checks of, in the order of the manual's
//! pages. Pure.

use super::Limits;
use super::lookup::Found;
use crate::domain::case::WorkflowName;
use crate::domain::command::{CitizenQuery, ContactReason, Personal, Role, Submit};
use crate::domain::place::Region;
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registers::{Citizen, PracticeRecord, Registers};
use crate::domain::text::is_blank;
use crate::registry::{check_practice, identify};
use crate::routing::{Routing, route, route_chosen, route_referent};

/// A submission that may be opened.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) workflow: WorkflowName,
    pub(super) citizen: Option<Citizen>,
    pub(super) routing: Routing,
}

/// Whether a submission would be accepted as things stand, and where it would go: for pages that say so before it is
/// sent. Its files were judged when they were brought.
pub fn rehearse(
    submit: &Submit,
    citizens: Vec<Citizen>,
    practices: Vec<PracticeRecord>,
    registers: &Registers,
    limits: &Limits,
) -> Result<Routing, Refusal> {
    let found = Found {
        citizens,
        practices,
        attachments: Ok(Vec::new()),
        missing: None,
    };
    judge(submit, &found, registers, limits).map(|accepted| accepted.routing)
}

/// Judges a submission by what was found for it.
pub(super) fn judge(
    submit: &Submit,
    found: &Found,
    registers: &Registers,
    limits: &Limits,
) -> Result<Accepted, Refusal> {
    if registers.office(&submit.patronato, &submit.office).is_none() {
        let message = "L'ufficio indicato non è tra quelli del patronato.";
        return Err(Refusal::new(RefusalCode::InvalidBody, message).at("/office"));
    }
    let citizen = match submit.role {
        Role::Operator => Some(citizen_of(submit, found)?),
        Role::RegionalReferent => None,
    };
    reason_fits(submit)?;
    if let Some(citizen) = &citizen {
        practice_fits(submit, found, citizen)?;
    }
    topic_fits(submit, registers)?;
    required_text(submit.text.as_ref(), limits)?;
    optional_text(submit.notes.as_ref(), "/notes", limits)?;
    found.attachments.as_ref().map_err(Clone::clone)?;
    let routing = destination(submit, citizen.as_ref(), registers)?;
    let name = match submit.role {
        Role::Operator => "richiesta",
        Role::RegionalReferent => "quesito",
    };
    let workflow = WorkflowName::parse(name).expect("lower-case letters");
    Ok(Accepted {
        workflow,
        citizen,
        routing,
    })
}

/// The citizen an operator writes for, and the declaration that goes with it.
fn citizen_of(submit: &Submit, found: &Found) -> Result<Citizen, Refusal> {
    let nobody = CitizenQuery::default();
    let query = submit.citizen.as_ref().unwrap_or(&nobody);
    let citizen = identify(&found.citizens, query)?;
    if submit.delegation != Some(true) {
        let message =
            "Occorre dichiarare di essere in possesso della delega a operare per conto del richiedente.";
        return Err(Refusal::new(RefusalCode::DelegationMissing, message).at("/delegation"));
    }
    Ok(citizen)
}

/// Which reasons each role may give.
fn reason_fits(submit: &Submit) -> Result<(), Refusal> {
    let allowed = match (submit.role, submit.reason) {
        (Role::Operator, ContactReason::SolicitSubmitted | ContactReason::StatusOrRejection)
        | (Role::RegionalReferent, ContactReason::RegulatoryClarification)
        | (_, ContactReason::AccessRequirements) => true,
        (Role::Operator, ContactReason::RegulatoryClarification)
        | (Role::RegionalReferent, ContactReason::SolicitSubmitted | ContactReason::StatusOrRejection) => {
            false
        }
    };
    if allowed {
        return Ok(());
    }
    let message = "Il motivo indicato non è previsto per questo profilo.";
    Err(Refusal::new(RefusalCode::ReasonNotAllowed, message).at("/reason"))
}

/// The practice is mandatory for the first two reasons, and always the citizen's own.
fn practice_fits(submit: &Submit, found: &Found, citizen: &Citizen) -> Result<(), Refusal> {
    let required = match submit.reason {
        ContactReason::SolicitSubmitted | ContactReason::StatusOrRejection => true,
        ContactReason::AccessRequirements | ContactReason::RegulatoryClarification => false,
    };
    match &submit.practice {
        Some(practice) => check_practice(&found.practices, practice, citizen),
        None if required => {
            let message = "Inserisci il riferimento della pratica.";
            Err(Refusal::new(RefusalCode::PracticeRequired, message).at("/practice"))
        }
        None => Ok(()),
    }
}

fn topic_fits(submit: &Submit, registers: &Registers) -> Result<(), Refusal> {
    let Some(topic) = registers.topic(&submit.topic) else {
        let message = "L'argomento indicato non esiste.";
        return Err(Refusal::new(RefusalCode::TopicUnknown, message).at("/topic"));
    };
    if topic.fits(submit.reason) {
        return Ok(());
    }
    let message = "L'argomento indicato non è previsto per questo motivo.";
    Err(Refusal::new(RefusalCode::TopicNotForReason, message).at("/topic"))
}

fn destination(
    submit: &Submit,
    citizen: Option<&Citizen>,
    registers: &Registers,
) -> Result<Routing, Refusal> {
    if let Some(sede) = &submit.sede {
        return route_chosen(registers, sede);
    }
    if let Some(citizen) = citizen {
        return Ok(route(
            registers,
            citizen.cap.as_ref(),
            citizen.comune_istat.as_ref(),
            &submit.topic,
        ));
    }
    let region = submit
        .region
        .as_deref()
        .and_then(|name| Region::parse(name).ok())
        .ok_or_else(|| {
            let message = "Indica la regione del referente, oppure una sede.";
            Refusal::new(RefusalCode::InvalidBody, message).at("/region")
        })?;
    Ok(route_referent(registers, region))
}

/// A text that must be there and is not too long.
pub(super) fn required_text(text: Option<&Personal>, limits: &Limits) -> Result<(), Refusal> {
    if text.is_none_or(|text| is_blank(&text.0)) {
        let message = "Il testo è obbligatorio.";
        return Err(Refusal::new(RefusalCode::TextMissing, message).at("/text"));
    }
    optional_text(text, "/text", limits)
}

pub(super) fn optional_text(text: Option<&Personal>, pointer: &str, limits: &Limits) -> Result<(), Refusal> {
    match text {
        Some(text) if text.0.chars().count() > limits.text => {
            let message = format!("Il testo supera {} caratteri.", limits.text);
            Err(Refusal::new(RefusalCode::TextTooLong, message).at(pointer))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests;

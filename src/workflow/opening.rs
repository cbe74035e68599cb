//! The first step of a request, and the same steps again from its history.

use chrono::{DateTime, NaiveDate, Utc};

use super::decide::{change_facts, decide};
use super::definition::Workflow;
use crate::domain::case::{Case, Facts};
use crate::domain::event::{Actor, Effect, Event};
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, RequestId, SedeCode};
use crate::domain::refusal::Refusal;

/// What a submission brings, once its content is accepted and the router has spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    pub id: RequestId,
    pub patronato: PatronatoCode,
    pub office: OfficeCode,
    pub sender: ActorId,
    /// The desk every request passes first: LineaINPS, or the desk of those no rule can route.
    pub desk: SedeCode,
    /// The sede the router assigns it to at once; `None` leaves it with the desk.
    pub assign_to: Option<SedeCode>,
}

/// A request just opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    pub case: Case,
    /// What the engine did right after `submitted`, in the same instant: to be recorded after it, as [`Actor::Engine`].
    pub followed: Vec<Event>,
    /// Each once, whoever caused it. `TellSede` is for the sede that holds the request now.
    pub effects: Vec<Effect>,
    pub due_on: Option<NaiveDate>,
}

/// Opens a request. Refused only where the workflow does not let the engine assign it to that sede.
pub fn open(workflow: &Workflow, opening: &Opening, now: DateTime<Utc>) -> Result<Opened, Refusal> {
    let case = submitted(workflow, opening, now);
    let effects = workflow.opening.effects.clone();
    let Some(sede) = opening.assign_to.clone() else {
        let due_on = workflow.due_on(workflow.state_at(workflow.initial), &case.facts);
        return Ok(Opened {
            case,
            followed: Vec::new(),
            effects,
            due_on,
        });
    };
    let event = Event::Assigned { sede };
    let decision = decide(workflow, &case, &event, &Actor::Engine, now)?;
    let mut effects = effects;
    let more = decision
        .effects
        .iter()
        .filter(|effect| !effects.contains(effect))
        .copied()
        .collect::<Vec<_>>();
    effects.extend(more);
    Ok(Opened {
        due_on: decision.due_on,
        case: decision.applied_to(case),
        followed: vec![event],
        effects,
    })
}

pub(super) fn submitted(workflow: &Workflow, opening: &Opening, now: DateTime<Utc>) -> Case {
    let today = workflow.calendar.today(now);
    let mut facts = Facts {
        awaiting_since: None,
        ..Facts::opened(today)
    };
    for change in &workflow.opening.set {
        change_facts(*change, None, today, &mut facts);
    }
    Case {
        id: opening.id,
        workflow: workflow.reference.clone(),
        patronato: opening.patronato.clone(),
        office: opening.office.clone(),
        sender: opening.sender.clone(),
        state: workflow.state_at(workflow.initial).name.clone(),
        sede: opening.desk.clone(),
        facts,
    }
}

/// An event of a history: what, by whom, when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    pub event: Event,
    pub actor: Actor,
    pub at: DateTime<Utc>,
}

/// A history its own workflow refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {position} of the history ({kind}) is refused: {}", refusal.code)]
pub struct Unreplayable {
    /// From 1; `submitted` is 0.
    pub position: usize,
    pub kind: crate::domain::event::EventKind,
    pub refusal: Box<Refusal>,
}

/// The request a history leads to. `opening.assign_to` is not read: the history holds the assignment.
pub fn replay<'a>(
    workflow: &Workflow,
    opening: &Opening,
    opened_at: DateTime<Utc>,
    history: impl IntoIterator<Item = &'a Past>,
) -> Result<Case, Unreplayable> {
    let mut case = submitted(workflow, opening, opened_at);
    for (past, position) in history.into_iter().zip(1..) {
        let decision =
            decide(workflow, &case, &past.event, &past.actor, past.at).map_err(|refusal| Unreplayable {
                position,
                kind: past.event.kind(),
                refusal: Box::new(refusal),
            })?;
        case = decision.applied_to(case);
    }
    Ok(case)
}

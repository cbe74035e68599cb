//! The one function every door of the engine goes through: what an event makes of a request, or why nothing.

use chrono::{DateTime, NaiveDate, Utc};

use super::definition::{Step, Workflow};
use super::question::Question;
use super::refuse;
use super::vocabulary::Change;
use crate::domain::case::{Appointment, Case, Charge, Continuation, Facts, StateName};
use crate::domain::event::{Actor, Effect, Event, EventKind};
use crate::domain::ids::SedeCode;
use crate::domain::refusal::Refusal;

/// What an event makes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub state: StateName,
    pub sede: SedeCode,
    pub facts: Facts,
    /// In the order of the workflow file. `TellPreviousSede` means the sede before this decision.
    pub effects: Vec<Effect>,
    /// The date of the next timer, if one is running.
    pub due_on: Option<NaiveDate>,
    /// Expected and without effect (`ignore`): nothing to record, nothing to send.
    pub ignored: bool,
}

impl Decision {
    /// The request after this decision.
    #[must_use]
    pub fn applied_to(self, case: Case) -> Case {
        Case {
            state: self.state,
            sede: self.sede,
            facts: self.facts,
            ..case
        }
    }
}

/// Decides an event. Pure: the same arguments give the same answer on every node and at every replay.
pub fn decide(
    workflow: &Workflow,
    case: &Case,
    event: &Event,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Decision, Refusal> {
    let question = Question::new(workflow, case, actor, Some(event), now);
    refuse::strangers(case, actor)?;
    let Some(state) = question.state() else {
        return Err(refuse::unknown_state(case));
    };
    if let Event::Elapsed { days } = event {
        return elapse(&question, *days);
    }
    match state.ways(event.kind()).find(|rule| question.allows(rule)) {
        Some(rule) => Ok(take(&question, &rule.step, case.facts.clone())),
        None if state.ignored.contains(&event.kind()) => Ok(unchanged(&question)),
        None => Err(refuse::refusal(&question, event.kind())),
    }
}

/// A timer fires once per clock, in order, and never before its date, however late or often it is brought.
fn elapse(question: &Question<'_>, days: u16) -> Result<Decision, Refusal> {
    let Some(state) = question.state() else {
        return Err(refuse::unknown_state(question.case));
    };
    let mut facts = question.case.facts.clone();
    let timer = state
        .next_timer(&facts)
        .filter(|timer| timer.days == days && *question.actor == Actor::Engine);
    let (Some(timer), Some(since)) = (timer, facts.awaiting_since) else {
        return if state.ignored.contains(&EventKind::Elapsed) {
            Ok(unchanged(question))
        } else {
            Err(refuse::stale_timer())
        };
    };
    let due = question.workflow.calendar.add(since, days);
    if question.today < due {
        return Err(refuse::early_timer(due));
    }
    facts.elapsed = days;
    Ok(take(question, &timer.step, facts))
}

fn unchanged(question: &Question<'_>) -> Decision {
    let case = question.case;
    Decision {
        state: case.state.clone(),
        sede: case.sede.clone(),
        facts: case.facts.clone(),
        effects: Vec::new(),
        due_on: question
            .state()
            .and_then(|state| question.workflow.due_on(state, &case.facts)),
        ignored: true,
    }
}

fn take(question: &Question<'_>, step: &Step, mut facts: Facts) -> Decision {
    let mut sede = None;
    // What ran out is forgotten, so that facts never name somebody who has no say any more.
    facts.charge = facts.charge_at(question.now).cloned();
    for change in &step.set {
        match (change, question.event) {
            (Change::HandOver, Some(Event::Assigned { sede: to } | Event::Transferred { sede: to })) => {
                sede = Some(to.clone());
            }
            (Change::TakeCharge, Some(Event::Taken { officer, .. })) => {
                facts.charge = Some(question.charge_of(officer.clone()));
            }
            (change, event) => change_facts(*change, event, question.today, &mut facts),
        }
    }
    facts.charge = facts.charge.map(|charge| prolonged(question, charge));
    let workflow = question.workflow;
    let state = step
        .to
        .map(|to| workflow.state_at(to))
        .or_else(|| question.state());
    Decision {
        state: state.map_or_else(|| question.case.state.clone(), |state| state.name.clone()),
        sede: sede.unwrap_or_else(|| question.case.sede.clone()),
        due_on: state.and_then(|state| workflow.due_on(state, &facts)),
        effects: step.effects.clone(),
        facts,
        ignored: false,
    }
}

/// Acting keeps a request in the charge of whoever acts.
fn prolonged(question: &Question<'_>, charge: Charge) -> Charge {
    match question.actor {
        Actor::Officer { id, .. } if *id == charge.officer => question.charge_of(charge.officer),
        Actor::Officer { .. } | Actor::Operator { .. } | Actor::Engine => charge,
    }
}

/// The changes that concern facts alone.
pub(super) fn change_facts(change: Change, event: Option<&Event>, today: NaiveDate, facts: &mut Facts) {
    match change {
        Change::StartClock => set_clock(facts, Some(today)),
        Change::StopClock => set_clock(facts, None),
        Change::FlagOverdue => facts.overdue = true,
        Change::CountSolicit if facts.first_solicit.is_none() => facts.first_solicit = Some(today),
        Change::CountSolicit => facts.second_solicit = facts.second_solicit.or(Some(today)),
        Change::CountInteraction => facts.interactions = facts.interactions.saturating_add(1),
        Change::BarConversation => facts.barred = true,
        Change::BarIfAsked => facts.barred |= asks_to_bar(event),
        Change::EnableAppointment => facts.appointment_enabled = true,
        Change::Book => facts.appointment = Appointment::Booked,
        Change::ConfirmAppointment => facts.appointment = Appointment::Confirmed,
        Change::CancelAppointment => facts.appointment = Appointment::Cancelled,
        Change::ReleaseCharge => facts.charge = None,
        // The sede is no fact, and a charge is measured by the hour: the caller changes them.
        Change::HandOver | Change::TakeCharge => {}
    }
}

fn set_clock(facts: &mut Facts, since: Option<NaiveDate>) {
    facts.awaiting_since = since;
    facts.elapsed = 0;
    facts.overdue = false;
}

fn asks_to_bar(event: Option<&Event>) -> bool {
    matches!(
        event,
        Some(Event::Replied {
            continuation: Continuation::Barred
        })
    )
}

#[cfg(test)]
mod tests;

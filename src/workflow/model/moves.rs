//! What can happen next: each event somebody may bring about, and time passing.

use super::situation::{self, Situation};
use crate::domain::case::{Case, Continuation};
use crate::domain::event::{Actor, Claim, Event, EventKind};
use crate::workflow::decide::decide;
use crate::workflow::definition::{Rule, Workflow};
use crate::workflow::question::Question;

/// A rule or timer of a state that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Used {
    Rule(usize, usize),
    Timer(usize, u16),
}

impl Used {
    pub(super) fn is_always(self, workflow: &Workflow, event: EventKind) -> bool {
        match self {
            Self::Rule(state, position) => {
                let rule = &workflow.states[state].rules[position];
                rule.always && rule.event == event
            }
            Self::Timer(..) => false,
        }
    }
}

pub(super) struct Move {
    /// As a story tells it.
    pub told: String,
    pub used: Option<Used>,
    pub event: Option<EventKind>,
    pub next: Situation,
}

pub(super) fn moves(workflow: &Workflow, situation: &Situation) -> Vec<Move> {
    let tried = doings(workflow, situation.case());
    let mut moves: Vec<Move> = tried
        .into_iter()
        .filter_map(|(actor, event)| taken(workflow, situation.case(), &actor, &event))
        .collect();
    if let Some(days) = situation.next_date(workflow) {
        let next = situation.later(workflow, days);
        moves.push(Move {
            told: format!("{days} days pass"),
            used: None,
            event: None,
            next,
        });
    }
    moves
}

fn taken(workflow: &Workflow, case: &Case, actor: &Actor, event: &Event) -> Option<Move> {
    let used = used(workflow, case, actor, event)?;
    let decision = decide(workflow, case, event, actor, situation::now())
        .ok()
        .filter(|decision| !decision.ignored)?;
    let next = Situation::of(workflow, decision.applied_to(case.clone()));
    Some(Move {
        told: told(event),
        used: Some(used),
        event: Some(event.kind()),
        next,
    })
}

fn used(workflow: &Workflow, case: &Case, actor: &Actor, event: &Event) -> Option<Used> {
    let index = workflow
        .states
        .iter()
        .position(|state| state.name == case.state)?;
    if let Event::Elapsed { days } = event {
        return Some(Used::Timer(index, *days));
    }
    let question = Question::new(workflow, case, actor, Some(event), situation::now());
    let allowed = |rule: &Rule| rule.event == event.kind() && question.allows(rule);
    let position = workflow.states[index].rules.iter().position(allowed)?;
    Some(Used::Rule(index, position))
}

fn told(event: &Event) -> String {
    match event {
        Event::Assigned { sede } | Event::Transferred { sede } => format!("{} to {sede}", event.kind()),
        Event::Replied { continuation } => format!("replied ({continuation})"),
        Event::Elapsed { days } => format!("the timer of day {days}"),
        Event::Taken { claim, .. } => format!("taken ({claim})"),
        Event::Released
        | Event::Closed
        | Event::Noted
        | Event::Messaged
        | Event::Attached
        | Event::Solicited
        | Event::Booked
        | Event::AppointmentEnabled
        | Event::AppointmentConfirmed
        | Event::AppointmentCancelled => event.kind().to_string(),
    }
}

/// Everything everybody could try. The sender stands for the whole office: whoever else is in it may do less.
fn doings(workflow: &Workflow, case: &Case) -> Vec<(Actor, Event)> {
    let (patronato, office) = situation::office();
    let sender = Actor::Operator {
        id: situation::sender(),
        patronato,
        office,
    };
    let mut doings: Vec<(Actor, Event)> = [Event::Messaged, Event::Attached, Event::Solicited, Event::Booked]
        .map(|event| (sender.clone(), event))
        .into();
    let id = situation::officer();
    let officer = Actor::Officer {
        id: id.clone(),
        sede: case.sede.clone(),
    };
    let mut events = vec![
        Event::Taken {
            officer: id.clone(),
            claim: Claim::IfFree,
        },
        Event::Taken {
            officer: id,
            claim: Claim::TakeOver,
        },
        Event::Released,
        Event::Replied {
            continuation: Continuation::Allowed,
        },
        Event::Replied {
            continuation: Continuation::Barred,
        },
        Event::Closed,
        Event::Noted,
        Event::AppointmentEnabled,
        Event::AppointmentConfirmed,
        Event::AppointmentCancelled,
    ];
    for sede in situation::places() {
        events.push(Event::Assigned { sede: sede.clone() });
        events.push(Event::Transferred { sede });
    }
    doings.extend(events.into_iter().map(|event| (officer.clone(), event)));
    doings.extend(situation::places().map(|sede| (Actor::Engine, Event::Assigned { sede })));
    let timers = workflow
        .state(&case.state)
        .into_iter()
        .flat_map(|state| &state.timers);
    doings.extend(timers.map(|timer| (Actor::Engine, Event::Elapsed { days: timer.days })));
    doings
}

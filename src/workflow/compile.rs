//! From a checked draft to the definition decisions are made with: names become indexes, `[always]` joins states.

use chrono::TimeDelta;

use super::definition::{
    Clause, Fingerprint, Limits, Rule, State, StateIndex, Step, Thresholds, Timer, Workflow,
};
use super::parse::draft::{Draft, DraftRule, DraftStep, DraftTimer, Section};
use super::vocabulary::Condition;
use crate::domain::case::WorkflowRef;
use crate::domain::event::EventKind;

/// `None` if the draft lacks something the reader or the checks have already complained about.
pub(super) fn compile(draft: &Draft, text: &str) -> Option<Workflow> {
    Some(Workflow {
        reference: WorkflowRef {
            name: draft.name.as_ref()?.get_ref().clone(),
            version: u32::from(*draft.version.as_ref()?.get_ref()),
        },
        title: draft.title.as_ref()?.get_ref().clone(),
        fingerprint: Fingerprint::of(text),
        text: text.into(),
        calendar: draft.calendar?,
        limits: limits(draft),
        thresholds: thresholds(draft),
        named_days: draft
            .days
            .iter()
            .map(|entry| (entry.name.get_ref().clone(), entry.days))
            .collect(),
        opening: step(draft, draft.opening.as_ref()?)?,
        initial: index(draft, draft.initial.as_ref()?.get_ref())?,
        states: draft
            .states
            .iter()
            .map(|state| compile_state(draft, state))
            .collect::<Option<_>>()?,
    })
}

fn limits(draft: &Draft) -> Limits {
    let number = |limit: &Option<toml::Spanned<u16>>| {
        limit
            .as_ref()
            .map_or(0, |limit| u8::try_from(*limit.get_ref()).unwrap_or(u8::MAX))
    };
    Limits {
        solicits: number(&draft.solicits),
        interactions: number(&draft.interactions),
        charge: draft
            .charge_minutes
            .as_ref()
            .map_or_else(TimeDelta::zero, |minutes| {
                TimeDelta::minutes(i64::from(*minutes.get_ref()))
            }),
    }
}

fn thresholds(draft: &Draft) -> Thresholds {
    Thresholds {
        solicit: draft.days_named("solicit"),
        second_solicit: draft.days_named("second_solicit"),
        appointment: draft.days_named("appointment"),
    }
}

impl Draft {
    fn days_named(&self, name: &str) -> Option<u16> {
        self.days
            .iter()
            .find(|entry| entry.name.get_ref() == name)
            .map(|entry| entry.days)
    }
}

fn index(draft: &Draft, name: &str) -> Option<StateIndex> {
    draft
        .states
        .iter()
        .position(|state| state.name.get_ref().as_str() == name)
        .map(StateIndex)
}

/// A state's own rule for an event, or its `ignore`, takes the place of that of `[always]`.
fn compile_state(draft: &Draft, state: &super::parse::draft::DraftState) -> Option<State> {
    let own = &state.section;
    let ignored: Vec<EventKind> = own.ignored.iter().map(|event| *event.get_ref()).collect();
    let inherited = draft.always.rules.iter().filter(|rule| {
        !ignored.contains(&rule.event) && !own.rules.iter().any(|other| other.event == rule.event)
    });
    let mut rules: Vec<Rule> = own
        .rules
        .iter()
        .map(|rule| compile_rule(draft, rule, false))
        .collect::<Option<_>>()?;
    rules.extend(
        inherited
            .map(|rule| compile_rule(draft, rule, true))
            .collect::<Option<Vec<_>>>()?,
    );
    let heard = |event: &EventKind| !rules.iter().any(|rule| rule.event == *event);
    let always_ignored = draft
        .always
        .ignored
        .iter()
        .map(|event| *event.get_ref())
        .filter(heard);
    let ignored = ignored.iter().copied().chain(always_ignored).collect();
    Some(State {
        name: state.name.get_ref().clone(),
        label: state.label.as_ref()?.get_ref().clone(),
        terminal: state.terminal,
        timers: timers(draft, own)?,
        rules,
        ignored,
    })
}

fn compile_rule(draft: &Draft, rule: &DraftRule, always: bool) -> Option<Rule> {
    Some(Rule {
        event: rule.event,
        by: rule.by.iter().map(|party| *party.get_ref()).collect(),
        when: rule.when.iter().map(compile_clause).collect(),
        step: step(draft, &rule.step)?,
        always,
    })
}

fn compile_clause(clause: &Clause<toml::Spanned<Condition>>) -> Clause<Condition> {
    match clause {
        Clause::One(condition) => Clause::One(*condition.get_ref()),
        Clause::Any(conditions) => {
            Clause::Any(conditions.iter().map(|condition| *condition.get_ref()).collect())
        }
    }
}

/// The timers of a state and, for days it does not speak of, those of `[always]`.
fn timers(draft: &Draft, own: &Section) -> Option<Vec<Timer>> {
    let inherited = draft
        .always
        .timers
        .iter()
        .filter(|timer| !own.timers.iter().any(|other| other.days == timer.days));
    let compiled = |timer: &DraftTimer, always| {
        Some(Timer {
            days: timer.days,
            step: step(draft, &timer.step)?,
            always,
        })
    };
    let own = own.timers.iter().map(|timer| compiled(timer, false));
    let mut timers: Vec<Timer> = own
        .chain(inherited.map(|timer| compiled(timer, true)))
        .collect::<Option<_>>()?;
    timers.sort_by_key(|timer| timer.days);
    Some(timers)
}

fn step(draft: &Draft, step: &DraftStep) -> Option<Step> {
    let to = match &step.to {
        Some(name) => Some(index(draft, name.get_ref())?),
        None => None,
    };
    Some(Step {
        set: step.set.iter().map(|change| *change.get_ref()).collect(),
        effects: step.effects.iter().map(|effect| *effect.get_ref()).collect(),
        to,
    })
}

//! A definition as its file says it: every word with its place, nothing judged yet.

use std::ops::Range;

use toml::Spanned;

use crate::domain::calendar::Calendar;
use crate::domain::case::{StateName, WorkflowName};
use crate::domain::event::{Effect, EventKind, Party};
use crate::workflow::definition::Clause;
use crate::workflow::vocabulary::{Change, Condition};

#[derive(Debug, Default)]
pub(in crate::workflow) struct Draft {
    pub name: Option<Spanned<WorkflowName>>,
    pub version: Option<Spanned<u16>>,
    pub title: Option<Spanned<String>>,
    pub initial: Option<Spanned<String>>,
    pub calendar: Option<Calendar>,
    pub solicits: Option<Spanned<u16>>,
    pub interactions: Option<Spanned<u16>>,
    pub charge_minutes: Option<Spanned<u16>>,
    pub days: Vec<NamedDays>,
    pub opening: Option<DraftStep>,
    pub always: Section,
    pub states: Vec<DraftState>,
    /// Every word was understood: only then may a check conclude from what is not there.
    pub complete: bool,
}

/// An entry of `[days]`.
#[derive(Debug)]
pub(in crate::workflow) struct NamedDays {
    pub name: Spanned<String>,
    pub days: u16,
}

#[derive(Debug)]
pub(in crate::workflow) struct DraftState {
    pub name: Spanned<StateName>,
    pub label: Option<Spanned<String>>,
    pub terminal: bool,
    pub section: Section,
}

/// `on`, `after` and `ignore` of a state or of `[always]`.
#[derive(Debug, Default)]
pub(in crate::workflow) struct Section {
    pub rules: Vec<DraftRule>,
    pub timers: Vec<DraftTimer>,
    pub ignored: Vec<Spanned<EventKind>>,
}

#[derive(Debug)]
pub(in crate::workflow) struct DraftRule {
    pub event: EventKind,
    /// The event's key; for one of several alternatives, the alternative.
    pub range: Range<usize>,
    pub by: Vec<Spanned<Party>>,
    pub when: Vec<Clause<Spanned<Condition>>>,
    pub step: DraftStep,
}

#[derive(Debug)]
pub(in crate::workflow) struct DraftTimer {
    pub days: u16,
    /// The entry of `[days]` it names, if it does.
    pub name: Option<String>,
    pub range: Range<usize>,
    pub step: DraftStep,
}

#[derive(Debug, Default)]
pub(in crate::workflow) struct DraftStep {
    pub set: Vec<Spanned<Change>>,
    pub effects: Vec<Spanned<Effect>>,
    pub to: Option<Spanned<String>>,
}

impl DraftStep {
    pub(in crate::workflow) fn sets(&self, change: Change) -> bool {
        self.set.iter().any(|word| *word.get_ref() == change)
    }
}

impl DraftRule {
    /// Whether the condition stands by itself, not as one of several in `any`.
    pub(in crate::workflow) fn requires(&self, condition: Condition) -> bool {
        self.when.iter().any(|clause| match clause {
            Clause::One(word) => *word.get_ref() == condition,
            Clause::Any(_) => false,
        })
    }

    pub(in crate::workflow) fn conditions(&self) -> impl Iterator<Item = &Spanned<Condition>> {
        self.when.iter().flat_map(Clause::conditions)
    }
}

impl Draft {
    /// Every section, `[always]` first.
    pub(in crate::workflow) fn sections(&self) -> impl Iterator<Item = &Section> {
        std::iter::once(&self.always).chain(self.states.iter().map(|state| &state.section))
    }

    pub(in crate::workflow) fn rules(&self) -> impl Iterator<Item = &DraftRule> {
        self.sections().flat_map(|section| &section.rules)
    }

    pub(in crate::workflow) fn conditions(&self) -> impl Iterator<Item = &Spanned<Condition>> {
        self.rules().flat_map(DraftRule::conditions)
    }

    pub(in crate::workflow) fn timers(&self) -> impl Iterator<Item = &DraftTimer> {
        self.sections().flat_map(|section| &section.timers)
    }

    /// Every step of the file: opening, rules, timers.
    pub(in crate::workflow) fn steps(&self) -> impl Iterator<Item = &DraftStep> {
        let rules = self.rules().map(|rule| &rule.step);
        self.opening
            .iter()
            .chain(rules)
            .chain(self.timers().map(|timer| &timer.step))
    }
}

//! A workflow ready to decide with: what its file says, checked and resolved, never changed again.

use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::vocabulary::{Change, Condition};
use crate::domain::calendar::Calendar;
use crate::domain::case::{Case, Facts, StateName, WorkflowRef};
use crate::domain::event::{Effect, EventKind, Party};
use crate::domain::filter::BookingRule;

/// The SHA-256 of a definition file as it stands: a released version never changes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// One checked version of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    pub(super) reference: WorkflowRef,
    pub(super) title: String,
    pub(super) fingerprint: Fingerprint,
    /// What it was read from.
    pub(super) text: Box<str>,
    pub(super) calendar: Calendar,
    pub(super) limits: Limits,
    pub(super) thresholds: Thresholds,
    pub(super) named_days: Vec<(String, u16)>,
    pub(super) opening: Step,
    pub(super) initial: StateIndex,
    pub(super) states: Vec<State>,
}

/// Where a state stands in [`Workflow::states`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct StateIndex(pub(super) usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub solicits: u8,
    pub interactions: u8,
    /// How long an officer has a request in charge without acting on it.
    pub charge: TimeDelta,
}

/// The days that conditions read. `None` where no condition of this workflow reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Thresholds {
    pub solicit: Option<u16>,
    pub second_solicit: Option<u16>,
    pub appointment: Option<u16>,
}

/// A state with everything that may happen in it, `[always]` included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub(super) name: StateName,
    pub(super) label: String,
    pub(super) terminal: bool,
    pub(super) rules: Vec<Rule>,
    /// By days, ascending.
    pub(super) timers: Vec<Timer>,
    pub(super) ignored: Vec<EventKind>,
}

/// One way an event may go: who, when, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub event: EventKind,
    pub by: Vec<Party>,
    pub when: Vec<Clause<Condition>>,
    pub step: Step,
    /// It stands in `[always]`, not in the state.
    pub always: bool,
}

/// One entry of `when`: a condition, or several of which one is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Clause<C> {
    One(C),
    Any(Vec<C>),
}

impl<C> Clause<C> {
    pub(super) fn conditions(&self) -> impl Iterator<Item = &C> {
        match self {
            Self::One(condition) => std::slice::from_ref(condition).iter(),
            Self::Any(conditions) => conditions.iter(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Timer {
    pub days: u16,
    pub step: Step,
    pub always: bool,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub set: Vec<Change>,
    pub effects: Vec<Effect>,
    /// `None`: the state stays.
    pub to: Option<StateIndex>,
}

impl Workflow {
    pub const fn reference(&self) -> &WorkflowRef {
        &self.reference
    }

    /// What it is for, in Italian.
    pub fn title(&self) -> &str {
        &self.title
    }

    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The whole file, as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Which days count, and in which zone.
    pub const fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// The further messages the patronato may still write; none once the sede barred the conversation.
    pub const fn interactions_left(&self, facts: &Facts) -> u8 {
        if facts.barred {
            0
        } else {
            self.limits.interactions.saturating_sub(facts.interactions)
        }
    }

    /// When the sender may book, as of now. Reads the days and limits of this version, as its rules do.
    pub fn booking_rule(&self, now: DateTime<Utc>) -> BookingRule {
        let today = self.calendar.today(now);
        BookingRule {
            workflow: self.reference.clone(),
            waiting_since: self
                .thresholds
                .appointment
                .and_then(|days| self.calendar.latest_start(today, days)),
            interactions: self.limits.interactions,
        }
    }

    pub fn states(&self) -> impl Iterator<Item = &State> {
        self.states.iter()
    }

    /// The label people read; `None` for a state this workflow does not have.
    pub fn state_label(&self, name: &StateName) -> Option<&str> {
        self.state(name).map(State::label)
    }

    pub fn state(&self, name: &StateName) -> Option<&State> {
        self.states.iter().find(|state| state.name == *name)
    }

    /// The state a request is opened in.
    pub fn initial_state(&self) -> &State {
        self.state_at(self.initial)
    }

    /// The timer of a case that is due, by its days; `None` while it has to wait.
    pub fn due_timer(&self, case: &Case, now: DateTime<Utc>) -> Option<u16> {
        let timer = self.state(&case.state)?.next_timer(&case.facts)?;
        let due = self.calendar.add(case.facts.awaiting_since?, timer.days);
        (due <= self.calendar.today(now)).then_some(timer.days)
    }

    pub(super) fn state_at(&self, index: StateIndex) -> &State {
        &self.states[index.0]
    }

    /// From when the next solicit may be sent; `None` if nothing waits or none is left.
    pub fn solicit_from(&self, case: &Case) -> Option<NaiveDate> {
        self.next_solicit(&case.facts)
            .filter(|_| case.facts.solicits() < self.limits.solicits)
    }

    /// The date on which the days for the next solicit have passed. Solicits are counted over the whole life of
    /// a request, so after a follow-up both the new clock and the first solicit must be old enough.
    pub(super) fn next_solicit(&self, facts: &Facts) -> Option<NaiveDate> {
        let waiting = self.calendar.add(facts.awaiting_since?, self.thresholds.solicit?);
        match (facts.first_solicit, facts.second_solicit) {
            (None, _) => Some(waiting),
            (Some(first), None) => {
                Some(waiting.max(self.calendar.add(first, self.thresholds.second_solicit?)))
            }
            (Some(_), Some(_)) => None,
        }
    }

    /// From when the waiting alone opens an appointment; `None` if nothing waits.
    pub fn appointment_from(&self, case: &Case) -> Option<NaiveDate> {
        Some(
            self.calendar
                .add(case.facts.awaiting_since?, self.thresholds.appointment?),
        )
    }

    /// The date of the next timer that has not fired on the running clock.
    pub(super) fn due_on(&self, state: &State, facts: &Facts) -> Option<NaiveDate> {
        let since = facts.awaiting_since?;
        state
            .next_timer(facts)
            .map(|timer| self.calendar.add(since, timer.days))
    }
}

impl State {
    pub const fn name(&self) -> &StateName {
        &self.name
    }

    pub fn label(&self) -> &str {
        &self.label
    }

    pub(super) fn ways(&self, event: EventKind) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.event == event)
    }

    pub(super) fn next_timer(&self, facts: &Facts) -> Option<&Timer> {
        self.timers.iter().find(|timer| timer.days > facts.elapsed)
    }
}

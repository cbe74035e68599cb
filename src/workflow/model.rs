//! Walks through every situation a request can get into, with the real rules, and looks for broken promises.
//!
//! Dates only matter as "how many days ago", and no further back than the longest threshold: that makes the
//! situations finite, a few thousand. What breaks is told as the shortest story that leads to it.

mod moves;
mod situation;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;

use moves::{Move, Used, moves};
use situation::Situation;

use super::definition::Workflow;
use super::opening::submitted;
use crate::domain::calendar::DayCount;
use crate::domain::event::EventKind;

/// What was found. A sound workflow has nothing broken and nothing unused.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Exploration {
    pub situations: usize,
    pub broken: Vec<Broken>,
    /// Rules and timers no story ever uses.
    pub unused: Vec<String>,
}

/// A promise, and the shortest story that breaks it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Broken {
    pub promise: &'static str,
    pub story: Vec<String>,
}

impl fmt::Display for Exploration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for broken in &self.broken {
            writeln!(
                f,
                "broken: {}\n  by: {}",
                broken.promise,
                broken.story.join(", then ")
            )?;
        }
        for unused in &self.unused {
            writeln!(f, "never used: {unused}")?;
        }
        write!(f, "{} situations looked at", self.situations)
    }
}

/// More than any sound workflow needs; beyond it the walk stops and says so.
const MOST_SITUATIONS: usize = 200_000;

/// Looks at every situation. Takes a second or so: for checks and tests, not for the engine.
pub fn explore(workflow: &Workflow) -> Exploration {
    // Which dates count changes when things happen, not what can happen.
    let mut workflow = workflow.clone();
    workflow.calendar.days = DayCount::Calendar;
    let mut walk = Walk::new(&workflow);
    while let Some(index) = walk.waiting.pop_front() {
        walk.look_at(index);
    }
    walk.never_answered();
    let unused = walk.unused();
    Exploration {
        situations: walk.situations.len(),
        broken: walk.broken,
        unused,
    }
}

struct Walk<'a> {
    workflow: &'a Workflow,
    situations: Vec<Situation>,
    /// The situation before, and what led on from it.
    before: Vec<Option<(usize, String)>>,
    known: HashMap<Situation, usize>,
    waiting: VecDeque<usize>,
    /// Every step, as (to, from).
    steps: Vec<(usize, usize)>,
    used: BTreeSet<Used>,
    broken: Vec<Broken>,
}

impl<'a> Walk<'a> {
    fn new(workflow: &'a Workflow) -> Self {
        let mut walk = Self {
            workflow,
            situations: Vec::new(),
            before: Vec::new(),
            known: HashMap::new(),
            waiting: VecDeque::new(),
            steps: Vec::new(),
            used: BTreeSet::new(),
            broken: Vec::new(),
        };
        let case = submitted(workflow, &situation::opening(), situation::now());
        walk.reach(Situation::of(workflow, case), None);
        walk
    }

    fn reach(&mut self, situation: Situation, before: Option<(usize, String)>) -> usize {
        if let Some(index) = self.known.get(&situation) {
            return *index;
        }
        let index = self.situations.len();
        self.known.insert(situation.clone(), index);
        self.situations.push(situation);
        self.before.push(before);
        if index < MOST_SITUATIONS {
            self.waiting.push_back(index);
        } else {
            self.breaks("the situations of a request can be counted", index);
        }
        index
    }

    fn look_at(&mut self, index: usize) {
        let situation = self.situations[index].clone();
        if !self.keeps_promises(index, &situation) {
            // What follows from a broken promise is no news, and may never end.
            return;
        }
        for Move {
            told,
            used,
            next,
            event,
        } in moves(self.workflow, &situation)
        {
            if event == Some(EventKind::Booked) && situation.case().facts.appointment.is_active() {
                self.breaks("there are never two bookings", index);
            }
            self.used.extend(used);
            let next = self.reach(next, Some((index, told)));
            self.steps.push((next, index));
        }
    }

    fn keeps_promises(&mut self, index: usize, situation: &Situation) -> bool {
        let limits = self.workflow.limits;
        let case = situation.case();
        let facts = &case.facts;
        let due = self
            .workflow
            .state(&case.state)
            .and_then(|state| self.workflow.due_on(state, facts));
        let waits = facts.awaiting_since.is_some();
        let promises = [
            (
                facts.solicits() <= limits.solicits,
                "no more solicits than the limit",
            ),
            (
                facts.interactions <= limits.interactions,
                "no more interactions than the limit",
            ),
            (!facts.overdue || waits, "nothing is overdue that does not wait"),
            (
                !waits || facts.overdue || due.is_some(),
                "no request waits without a date on which it is noticed",
            ),
        ];
        for (_, promise) in promises.iter().filter(|(holds, _)| !holds) {
            self.breaks(promise, index);
        }
        promises.iter().all(|(holds, _)| *holds)
    }

    /// The first, and so the shortest, story of each broken promise is kept.
    fn breaks(&mut self, promise: &'static str, index: usize) {
        if self.broken.iter().all(|broken| broken.promise != promise) {
            let story = self.story(index);
            self.broken.push(Broken { promise, story });
        }
    }

    fn story(&self, mut index: usize) -> Vec<String> {
        let mut story = Vec::new();
        while let Some((before, told)) = &self.before[index] {
            story.push(told.clone());
            index = *before;
        }
        story.push("submitted".to_owned());
        story.reverse();
        story
    }

    /// From every situation some story must lead to one where nothing waits.
    fn never_answered(&mut self) {
        let mut led_by: Vec<Vec<usize>> = vec![Vec::new(); self.situations.len()];
        for (to, from) in &self.steps {
            led_by[*to].push(*from);
        }
        let mut good: Vec<bool> = self
            .situations
            .iter()
            .map(|situation| !situation.waits())
            .collect();
        let mut frontier: Vec<usize> = (0..good.len()).filter(|index| good[*index]).collect();
        while let Some(index) = frontier.pop() {
            for from in &led_by[index] {
                if !good[*from] {
                    good[*from] = true;
                    frontier.push(*from);
                }
            }
        }
        if let Some(stuck) = good.iter().position(|good| !good) {
            self.breaks("every request that waits can still be answered", stuck);
        }
    }

    fn unused(&self) -> Vec<String> {
        let mut unused = Vec::new();
        for (index, state) in self.workflow.states.iter().enumerate() {
            for (position, rule) in state.rules.iter().enumerate() {
                let elsewhere = |used: &Used| rule.always && used.is_always(self.workflow, rule.event);
                if !self.used.contains(&Used::Rule(index, position)) && !self.used.iter().any(elsewhere) {
                    let place = if rule.always {
                        "always".to_owned()
                    } else {
                        format!("state.{}", state.name)
                    };
                    let before = state.rules[..position]
                        .iter()
                        .filter(|other| other.event == rule.event)
                        .count();
                    unused.push(format!("[{place}] on.{}, alternative {}", rule.event, before + 1));
                }
            }
            for timer in &state.timers {
                let same = |used: &Used| matches!(used, Used::Timer(state, days) if *days == timer.days && (timer.always || *state == index));
                if !self.used.iter().any(same) {
                    unused.push(format!("[state.{}] after {} days", state.name, timer.days));
                }
            }
        }
        unused.dedup();
        unused
    }
}

#[cfg(test)]
mod tests;

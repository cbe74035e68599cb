//! From "no way is open" to the answer a person can use: one code, one sentence, every condition with its
//! values, and the date on which time alone opens the way.

use chrono::NaiveDate;

use super::definition::{Clause, Rule};
use super::explain;
use super::question::Question;
use super::vocabulary::Condition;
use crate::domain::case::Case;
use crate::domain::event::{Actor, EventKind, Party};
use crate::domain::refusal::{Reason, Refusal, RefusalCode};

/// Turns away who has no business with the request, before anything of it is told.
pub fn strangers(case: &Case, actor: &Actor) -> Result<(), Refusal> {
    match actor {
        Actor::Operator {
            patronato, office, ..
        } if *patronato != case.patronato || *office != case.office => Err(Refusal::request_unknown()),
        Actor::Officer { sede, .. } if *sede != case.sede => Err(Refusal::new(
            RefusalCode::NotYourSede,
            "La richiesta non è presso la tua sede.",
        )),
        Actor::Operator { .. } | Actor::Officer { .. } | Actor::Engine => Ok(()),
    }
}

pub(super) fn unknown_state(case: &Case) -> Refusal {
    let message = format!("Il flusso {} non ha lo stato «{}».", case.workflow, case.state);
    Refusal::new(RefusalCode::StateConflict, message)
}

pub(super) fn stale_timer() -> Refusal {
    Refusal::new(RefusalCode::StateConflict, "Questa scadenza non è più in corso.")
}

pub(super) fn early_timer(due: NaiveDate) -> Refusal {
    let message = format!("La scadenza arriva il {}.", explain::date(due));
    Refusal {
        available_from: Some(due),
        ..Refusal::new(RefusalCode::NotYet, message)
    }
}

/// The rules that concern an actor, and whether they are those of other states: what a refusal is explained by.
pub(super) struct Rulebook<'a> {
    rules: Vec<&'a Rule>,
    elsewhere: bool,
}

impl<'a> Rulebook<'a> {
    pub(super) fn of(question: &Question<'a>, event: EventKind) -> Self {
        let mut rules: Vec<&Rule> = question
            .state()
            .into_iter()
            .flat_map(|state| state.ways(event))
            .collect();
        let elsewhere = rules.is_empty();
        if elsewhere {
            rules = question
                .workflow
                .states()
                .flat_map(|state| state.ways(event))
                .collect();
        }
        rules.retain(|rule| rule.by.iter().any(|party| may_be(*party, question.actor)));
        Self { rules, elsewhere }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Every condition of these rules, each once.
    pub(super) fn reasons(&self, question: &Question<'_>) -> Vec<Reason> {
        let mut reasons = Vec::new();
        reasons.extend(self.elsewhere.then(|| explain::state_reason(question)));
        let for_sender_alone = self.rules.iter().all(|rule| rule.by == [Party::Sender]);
        reasons.extend(for_sender_alone.then(|| explain::sender_reason(question.is_among(&[Party::Sender]))));
        let mut seen: Vec<Condition> = Vec::new();
        for condition in self
            .rules
            .iter()
            .flat_map(|rule| &rule.when)
            .flat_map(Clause::conditions)
        {
            if !condition.chooses() && !seen.contains(condition) {
                seen.push(*condition);
                reasons.push(explain::reason(question, *condition));
            }
        }
        reasons
    }
}

/// Whether an actor of this kind could be that party of some request.
fn may_be(party: Party, actor: &Actor) -> bool {
    match actor {
        Actor::Operator { .. } => matches!(party, Party::Office | Party::Sender),
        Actor::Officer { .. } => party == Party::Sede,
        Actor::Engine => party == Party::Engine,
    }
}

/// Why no rule lets this event through. Only for questions that no rule allows.
pub(super) fn refusal(question: &Question<'_>, event: EventKind) -> Refusal {
    let book = Rulebook::of(question, event);
    let mine: Vec<&Rule> = book
        .rules
        .iter()
        .copied()
        .filter(|rule| question.is_among(&rule.by))
        .collect();
    let unmet = mine.iter().map(|rule| unmet(question, rule)).min_by_key(Vec::len);
    let mut refusal = match unmet {
        None if book.is_empty() => explain::not_for_you(event),
        None => explain::not_sender(event),
        Some(unmet) => {
            explain_unmet(question, &unmet).unwrap_or_else(|| explain::wrong_state(question, event))
        }
    };
    refusal.why = book.reasons(question);
    refusal
}

fn unmet<'r>(question: &Question<'_>, rule: &'r Rule) -> Vec<&'r Clause<Condition>> {
    let judged = rule
        .when
        .iter()
        .filter(|clause| !clause.conditions().all(|condition| condition.chooses()));
    judged.filter(|clause| !question.meets(clause)).collect()
}

/// A condition that time does not open is named before one that it does: `available_from` is a promise.
fn explain_unmet(question: &Question<'_>, unmet: &[&Clause<Condition>]) -> Option<Refusal> {
    let opening = |clause: &Clause<Condition>| {
        let dated = clause
            .conditions()
            .filter_map(|condition| Some((question.opens_on(*condition)?, *condition)));
        dated.min_by_key(|(date, _)| *date)
    };
    if let Some(clause) = unmet.iter().find(|clause| opening(clause).is_none()) {
        return Some(match clause {
            Clause::One(condition) => explain::refusal(question, *condition),
            Clause::Any(conditions) => explain::none_of(conditions),
        });
    }
    let (date, condition) = unmet
        .iter()
        .filter_map(|clause| opening(clause))
        .max_by_key(|(date, _)| *date)?;
    Some(Refusal {
        available_from: Some(date),
        ..explain::refusal(question, condition)
    })
}

//! What a person may do with a request now and, where not, why and from when: the table of `decide`, read ahead.

use chrono::{DateTime, NaiveDate, Utc};

use super::definition::Workflow;
use super::question::Question;
use super::refuse::{self, Rulebook};
use crate::domain::case::Case;
use crate::domain::command::CommandKind;
use crate::domain::event::{Actor, EventKind};
use crate::domain::refusal::{Reason, RefusalCode};

/// Whether an actor may send a command now; if not, why and from when.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Offer {
    /// What is sent.
    pub command: CommandKind,
    /// What would happen, by the name it has in the request's history.
    pub event: EventKind,
    pub allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<RefusalCode>,
    /// The sentence a refusal would carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_from: Option<NaiveDate>,
    pub why: Vec<Reason>,
}

/// One offer for each command this workflow lets such an actor send in some state; none for strangers. What a command
/// would carry (the sede of a transfer) is taken as fitting.
pub fn offers(workflow: &Workflow, case: &Case, actor: &Actor, now: DateTime<Utc>) -> Vec<Offer> {
    let question = Question::new(workflow, case, actor, None, now);
    if refuse::strangers(case, actor).is_err() || question.state().is_none() {
        return Vec::new();
    }
    EventKind::ALL
        .iter()
        .filter_map(|event| offer(&question, *event))
        .collect()
}

fn offer(question: &Question<'_>, event: EventKind) -> Option<Offer> {
    let command = event.command()?;
    let book = Rulebook::of(question, event);
    if book.is_empty() {
        return None;
    }
    let allowed = question.state()?.ways(event).any(|rule| question.allows(rule));
    if allowed {
        let why = book.reasons(question);
        return Some(Offer {
            command,
            event,
            allowed,
            code: None,
            message: None,
            available_from: None,
            why,
        });
    }
    let refusal = refuse::refusal(question, event);
    Some(Offer {
        command,
        event,
        allowed,
        code: Some(refusal.code),
        message: Some(refusal.message),
        available_from: refusal.available_from,
        why: refusal.why,
    })
}

//! (placeholder: signatures the engine is written against)
use chrono::NaiveDate;

use crate::domain::case::{Facts, StateName};
use crate::domain::event::{Effect, EventKind};
use crate::domain::ids::SedeCode;
use crate::domain::refusal::{Reason, RefusalCode};

/// What an event makes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub state: StateName,
    pub sede: SedeCode,
    pub facts: Facts,
    pub effects: Vec<Effect>,
    /// The date of the next timer, if one is running.
    pub due_on: Option<NaiveDate>,
}

/// Whether an actor may bring an event about now; if not, why and from when.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Offer {
    pub event: EventKind,
    pub allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<RefusalCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_from: Option<NaiveDate>,
    pub why: Vec<Reason>,
}

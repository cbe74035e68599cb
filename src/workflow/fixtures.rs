//! What tests of the rules share: the workflow as released, people, and a request in the manual's own dates.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{Decision, Opening, Workflow, decide, open};
use crate::domain::case::{Case, Continuation};
use crate::domain::event::{Actor, Event};
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, RequestId, SedeCode};
use crate::domain::refusal::Refusal;

pub(super) static RICHIESTA: LazyLock<Workflow> = LazyLock::new(|| released("richiesta.v1.toml"));
pub(super) static QUESITO: LazyLock<Workflow> = LazyLock::new(|| released("quesito.v1.toml"));

pub(super) fn released(file: &str) -> Workflow {
    let path = format!("{}/workflows/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    Workflow::parse(file, &text).unwrap_or_else(|problems| panic!("{problems}"))
}

pub(super) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn sede(code: &str) -> SedeCode {
    SedeCode::parse(code).unwrap()
}

pub(super) fn person(id: &str) -> ActorId {
    ActorId::parse(id).unwrap()
}

pub(super) fn operator(id: &str) -> Actor {
    operator_of(id, "inca", "INCA-RM-001")
}

pub(super) fn operator_of(id: &str, patronato: &str, office: &str) -> Actor {
    Actor::Operator {
        id: person(id),
        patronato: PatronatoCode::parse(patronato).unwrap(),
        office: OfficeCode::parse(office).unwrap(),
    }
}

pub(super) fn officer(id: &str, code: &str) -> Actor {
    Actor::Officer {
        id: person(id),
        sede: sede(code),
    }
}

pub(super) fn reply() -> Event {
    Event::Replied {
        continuation: Continuation::Allowed,
    }
}

/// The day of the manual's example, in the afternoon.
pub(super) fn day(number: i64) -> DateTime<Utc> {
    "2020-10-21T15:04:13Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(number)
}

pub(super) fn opening(assign_to: Option<&str>) -> Opening {
    Opening {
        id: RequestId(uuid::Uuid::from_u128(1)),
        patronato: PatronatoCode::parse("inca").unwrap(),
        office: OfficeCode::parse("INCA-RM-001").unwrap(),
        sender: person("op1"),
        desk: SedeCode::lineainps(),
        assign_to: assign_to.map(sede),
    }
}

/// A request that moves through its workflow, one asserted step after the other.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub case: Case,
}

impl Story {
    /// Opened on day 0 and assigned to sede 230001 by the router.
    pub(super) fn at_sede() -> Self {
        Self {
            case: open(&RICHIESTA, &opening(Some("230001")), day(0)).unwrap().case,
        }
    }

    /// Opened on day 0 and left with the LineaINPS desk.
    pub(super) fn at_desk() -> Self {
        Self {
            case: open(&RICHIESTA, &opening(None), day(0)).unwrap().case,
        }
    }

    pub(super) fn try_on(&self, number: i64, actor: &Actor, event: &Event) -> Result<Decision, Refusal> {
        decide(&RICHIESTA, &self.case, event, actor, day(number))
    }

    pub(super) fn then(&mut self, number: i64, actor: &Actor, event: &Event) -> Decision {
        let decision = self
            .try_on(number, actor, event)
            .unwrap_or_else(|refusal| panic!("{refusal:?}"));
        self.case = decision.clone().applied_to(self.case.clone());
        decision
    }

    pub(super) fn refused(&self, number: i64, actor: &Actor, event: &Event) -> Refusal {
        self.try_on(number, actor, event)
            .expect_err("this must be refused")
    }
}

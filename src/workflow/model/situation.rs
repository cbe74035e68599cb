//! A request without its calendar: every date is told as "so many days ago".

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::domain::case::{Case, Charge};
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, RequestId, SedeCode};
use crate::workflow::Opening;
use crate::workflow::definition::Workflow;

/// A request as it stands on one fixed day, its dates no further back than matters. Equal situations have equal
/// futures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Situation(Case);

/// The day every situation is looked at.
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2030, 6, 15).expect("the fifteenth of June exists")
}

pub(super) fn now() -> DateTime<Utc> {
    today().and_time(NaiveTime::MIN).and_utc() + chrono::TimeDelta::hours(12)
}

fn code<T>(parsed: Result<T, crate::domain::ids::InvalidId>) -> T {
    parsed.expect("the codes of this module are well formed")
}

pub(super) fn sender() -> ActorId {
    code(ActorId::parse("sender"))
}

pub(super) fn office() -> (PatronatoCode, OfficeCode) {
    (
        code(PatronatoCode::parse("patronato")),
        code(OfficeCode::parse("OFFICE")),
    )
}

/// One officer per sede is enough: a second may do nothing the first may not.
pub(super) fn officer() -> ActorId {
    code(ActorId::parse("officer"))
}

/// Two sedi and both desks: enough for every way a request can change hands.
pub(super) fn places() -> [SedeCode; 4] {
    let [first, second] = ["first-sede", "second-sede"].map(|sede| code(SedeCode::parse(sede)));
    [first, second, SedeCode::lineainps(), SedeCode::unrouted_desk()]
}

pub(super) fn opening() -> Opening {
    let (patronato, office) = office();
    let id = RequestId(uuid::Uuid::nil());
    Opening {
        id,
        patronato,
        office,
        sender: sender(),
        desk: SedeCode::lineainps(),
        assign_to: None,
    }
}

impl Situation {
    pub(super) fn of(workflow: &Workflow, case: Case) -> Self {
        Self(case).later(workflow, 0)
    }

    pub(super) const fn case(&self) -> &Case {
        &self.0
    }

    /// The same some days later: its dates lie further back.
    pub(super) fn later(&self, workflow: &Workflow, days: u64) -> Self {
        let earliest = today() - Days::new(longest(workflow));
        let back = |date: NaiveDate| (date - Days::new(days)).max(earliest);
        let mut case = self.0.clone();
        let facts = &mut case.facts;
        facts.awaiting_since = facts.awaiting_since.map(back);
        facts.first_solicit = facts.first_solicit.map(back);
        if facts.second_solicit.is_some() {
            // Once both are spent their dates decide nothing.
            facts.first_solicit = Some(earliest);
            facts.second_solicit = Some(earliest);
        }
        let now = now() + chrono::TimeDelta::days(i64::try_from(days).unwrap_or(i64::MAX));
        // Only whether it still holds matters.
        facts.charge = facts.charge_at(now).cloned().map(|charge| Charge {
            until: self::now() + workflow.limits.charge,
            ..charge
        });
        Self(case)
    }

    /// How many days until time alone opens something, if it ever does.
    pub(super) fn next_date(&self, workflow: &Workflow) -> Option<u64> {
        let case = &self.0;
        let due = workflow
            .state(&case.state)
            .and_then(|state| workflow.due_on(state, &case.facts));
        let dates = [workflow.solicit_from(case), workflow.appointment_from(case), due];
        let ahead = dates
            .into_iter()
            .flatten()
            .map(|date| (date - today()).num_days());
        ahead
            .filter(|days| *days > 0)
            .min()
            .and_then(|days| u64::try_from(days).ok())
    }

    pub(super) const fn waits(&self) -> bool {
        self.0.facts.awaiting_since.is_some()
    }
}

/// One day more than anything asks for: further back nothing changes.
fn longest(workflow: &Workflow) -> u64 {
    let thresholds = workflow.thresholds;
    let read = [
        thresholds.solicit,
        thresholds.second_solicit,
        thresholds.appointment,
    ]
    .into_iter()
    .flatten();
    let timers = workflow
        .states
        .iter()
        .flat_map(|state| &state.timers)
        .map(|timer| timer.days);
    read.chain(timers).max().map_or(0, u64::from) + 1
}

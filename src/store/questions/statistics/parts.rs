//! What a question about figures is put together from: cells of whole days or months, counted before; what changed
//! about their requests since; and the requests themselves, not counted yet.

use sqlx::{Postgres, QueryBuilder};

use super::Question;
use super::cells::{Cells, Level};
use crate::domain::filter::{BookingRule, Condition, DateRange, Figure, Grouping, RequestFilter};
use crate::store::StoreError;

type Query = QueryBuilder<Postgres>;

/// Whose days a figure goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    Opened,
    FirstSolicit,
    SecondSolicit,
}

impl Basis {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::FirstSolicit => "first_solicit",
            Self::SecondSolicit => "second_solicit",
        }
    }

    /// The day of a row of `cases`.
    const fn day(self) -> &'static str {
        match self {
            Self::Opened => "(c.opened_at at time zone 'Europe/Rome')::date",
            Self::FirstSolicit => "c.first_solicit",
            Self::SecondSolicit => "c.second_solicit",
        }
    }

    fn condition(self, rules: &[BookingRule]) -> Option<Condition> {
        match self {
            Self::Opened => None,
            Self::FirstSolicit => Some(Condition::of(Figure::FirstSolicit, rules)),
            Self::SecondSolicit => Some(Condition::of(Figure::SecondSolicit, rules)),
        }
    }
}

/// What is asked for and from what it is answered.
pub(super) struct Parts<'a> {
    pub(super) filter: &'a RequestFilter,
    pub(super) by: Option<Grouping>,
    pub(super) cells: Option<Cells>,
}

impl Question {
    /// From what figures are answered, as of this question's moment.
    pub(super) async fn parts<'a>(
        &mut self,
        filter: &'a RequestFilter,
        by: Option<Grouping>,
    ) -> Result<Parts<'a>, StoreError> {
        let mut cells = None;
        if let Some(level) = Level::answering(filter, by, self.scope.as_ref()) {
            let state = sqlx::query!(
                "select counted_before, counted_before > '1900-01-01 00:00Z' as \"begun!\" from statistics_state"
            );
            let state = state.fetch_one(&mut *self.transaction).await?;
            cells = state.begun.then_some(Cells {
                level,
                border: state.counted_before,
            });
        }
        Ok(Parts { filter, by, cells })
    }

    /// Adds rows of what figures look at, each for so many requests.
    pub(super) fn requests_of(
        &self,
        query: &mut Query,
        parts: &Parts<'_>,
        basis: Basis,
        rules: &[BookingRule],
    ) {
        let filter = RequestFilter {
            condition: basis.condition(rules),
            ..parts.filter.clone()
        };
        let Some(cells) = parts.cells else {
            return self.counted_now(query, &filter, basis);
        };
        let border = cells.border;
        for (level, days) in cells.divide(filter.dates, basis == Basis::Opened) {
            counted_before(query, &filter, basis, level, days);
            changed_since(query, &filter, basis, days);
            query.push(" and c.opened_at < ").push_bind(border);
            query.push(" union all ");
        }
        self.counted_now(query, &filter, basis);
        query.push(" and c.opened_at >= ").push_bind(border);
    }

    /// The requests themselves.
    fn counted_now(&self, query: &mut Query, filter: &RequestFilter, basis: Basis) {
        query.push(format_args!("select {}, 1 as requests", columns(basis.day())));
        self.tables(query, filter);
        query.push(" where true");
        self.narrow(query, filter);
    }
}

fn columns(day: &str) -> String {
    format!(
        "{day} as day, c.patronato, c.office, c.sede, c.topic, c.workflow, c.workflow_version, c.awaiting_since, \
         c.overdue, c.interactions, c.barred, c.appointment_enabled, c.appointment"
    )
}

fn counted_before(query: &mut Query, filter: &RequestFilter, basis: Basis, level: Level, days: DateRange) {
    query.push(format_args!(
        "select {}, c.requests from statistics_cell as c where c.level = '{}' and c.basis = '{}'{}",
        columns("c.day"),
        level.as_str(),
        basis.as_str(),
        level.unused()
    ));
    of_places(query, filter);
    on_days(query, "c.day", days);
}

/// Followed by a condition that leaves out what is counted now.
fn changed_since(query: &mut Query, filter: &RequestFilter, basis: Basis, days: DateRange) {
    let day = basis.day();
    query.push(format_args!(
        " union all select {}, c.requests from statistics_change as c where {day} is not null",
        columns(day)
    ));
    of_places(query, filter);
    on_days(query, day, days);
}

/// What cells tell apart.
pub(super) fn of_places(query: &mut Query, filter: &RequestFilter) {
    for (column, value) in [
        ("patronato", filter.patronato.as_ref().map(ToString::to_string)),
        ("office", filter.office.as_ref().map(ToString::to_string)),
        ("sede", filter.sede.as_ref().map(ToString::to_string)),
        ("topic", filter.topic.as_ref().map(ToString::to_string)),
    ] {
        if let Some(value) = value {
            query.push(format_args!(" and c.{column} = ")).push_bind(value);
        }
    }
}

pub(super) fn on_days(query: &mut Query, day: &str, dates: DateRange) {
    for (operator, date) in [(">=", dates.from()), ("<=", dates.to())] {
        if let Some(date) = date {
            query.push(format_args!(" and {day} {operator} ")).push_bind(date);
        }
    }
}

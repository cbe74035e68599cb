//! The figures of the statistics, exact as of the moment they are asked for. Each is counted by the
//! condition of the list it opens: over what was counted before where that tells the requests apart (`parts`), over
//! the requests themselves otherwise.

mod cells;
mod parts;
mod replies;

use std::collections::BTreeMap;

use sqlx::QueryBuilder;

use super::Question;
use super::conditions::fits;
use crate::domain::filter::{BookingRule, Condition, Figure, Grouping, RequestFilter};
use crate::store::StoreError;

use parts::{Basis, Parts};

/// A number for each figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u64; Figure::ALL.len()]);

impl Counts {
    pub fn get(&self, figure: Figure) -> u64 {
        self.0[place(figure)]
    }

    fn set(&mut self, figure: Figure, count: i64) {
        self.0[place(figure)] = u64::try_from(count).unwrap_or(0);
    }
}

const fn place(figure: Figure) -> usize {
    match figure {
        Figure::Open => 0,
        Figure::Overdue => 1,
        Figure::FirstSolicit => 2,
        Figure::SecondSolicit => 3,
        Figure::Closed => 4,
        Figure::AppointmentEnabled => 5,
        Figure::Appointment => 6,
    }
}

/// How long answers took, in days of waiting.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ReplyTimes {
    /// The answers that ended a waiting.
    pub replies: u64,
    pub median: Option<f64>,
    pub ninetieth: Option<f64>,
}

/// The figures of one group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatisticsLine {
    pub counts: Counts,
    pub reply_times: ReplyTimes,
}

/// Lines by the key of their group; a single one under an empty key where nothing is told apart.
pub type Statistics = BTreeMap<String, StatisticsLine>;

/// Figures by the day of opening; the two solicits go by days of their own.
const BY_OPENING: [Figure; 5] = [
    Figure::Open,
    Figure::Overdue,
    Figure::Closed,
    Figure::AppointmentEnabled,
    Figure::Appointment,
];

impl Question {
    /// Counts what fits; `filter.condition` is left aside.
    pub async fn statistics(
        &mut self,
        filter: &RequestFilter,
        rules: &[BookingRule],
        by: Option<Grouping>,
    ) -> Result<Statistics, StoreError> {
        let parts = self.parts(filter, by).await?;
        let mut lines = Statistics::new();
        if by.is_none() {
            lines.insert(String::new(), StatisticsLine::default());
        }
        for (basis, figures) in [
            (Basis::Opened, &BY_OPENING[..]),
            (Basis::FirstSolicit, &[Figure::FirstSolicit]),
            (Basis::SecondSolicit, &[Figure::SecondSolicit]),
        ] {
            for (key, counts) in self.counts(&parts, basis, figures, rules).await? {
                let line = lines.entry(key).or_default();
                for (figure, count) in figures.iter().zip(counts) {
                    line.counts.set(*figure, count);
                }
            }
        }
        for (key, times) in self.reply_times(&parts).await? {
            lines.entry(key).or_default().reply_times = times;
        }
        Ok(lines)
    }

    /// Figures that go by the same days, in one pass.
    async fn counts(
        &mut self,
        parts: &Parts<'_>,
        basis: Basis,
        figures: &[Figure],
        rules: &[BookingRule],
    ) -> Result<Vec<(String, Vec<i64>)>, StoreError> {
        let mut query = QueryBuilder::new(format!("select {}, array[", key(parts.by)));
        for (index, figure) in figures.iter().enumerate() {
            query.push(if index == 0 { "" } else { ", " });
            query.push("coalesce(sum(c.requests)");
            if basis == Basis::Opened {
                query.push(" filter (where ");
                fits(&mut query, &Condition::of(*figure, rules));
                query.push(")");
            }
            query.push(", 0)");
        }
        query.push("] from (");
        self.requests_of(&mut query, parts, basis, rules);
        query.push(") as c");
        if parts.by.is_some() {
            query.push(" group by 1");
        }
        Ok(query.build_query_as().fetch_all(&mut *self.transaction).await?)
    }
}

/// What a line is about, of rows that count requests or replies.
const fn key(by: Option<Grouping>) -> &'static str {
    match by {
        None => "''",
        Some(Grouping::Topic) => "c.topic",
        Some(Grouping::Patronato) => "c.patronato",
        Some(Grouping::Office) => "c.patronato || ' ' || c.office",
        Some(Grouping::Sede) => "c.sede",
        Some(Grouping::Month) => "to_char(c.day, 'YYYY-MM')",
    }
}

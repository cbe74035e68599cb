//! The figures of the statistics, counted when they are asked for: never stale. Each is counted by
//! the condition of the list it opens.

use std::collections::BTreeMap;

use sqlx::{Postgres, QueryBuilder};

use super::Question;
use super::conditions::fits;
use crate::domain::filter::{BookingRule, Condition, Figure, Grouping, RequestFilter};
use crate::store::StoreError;

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
        let mut lines = Statistics::new();
        if by.is_none() {
            lines.insert(String::new(), StatisticsLine::default());
        }
        for figures in [&BY_OPENING[..], &[Figure::FirstSolicit], &[Figure::SecondSolicit]] {
            for (key, counts) in self.counts(filter, figures, rules, by).await? {
                let line = lines.entry(key).or_default();
                for (figure, count) in figures.iter().zip(counts) {
                    line.counts.set(*figure, count);
                }
            }
        }
        for (key, times) in self.reply_times(filter, by).await? {
            lines.entry(key).or_default().reply_times = times;
        }
        Ok(lines)
    }

    /// Figures that go by the same days, in one pass.
    async fn counts(
        &mut self,
        filter: &RequestFilter,
        figures: &[Figure],
        rules: &[BookingRule],
        by: Option<Grouping>,
    ) -> Result<Vec<(String, Vec<i64>)>, StoreError> {
        let solicit = match figures {
            [one @ (Figure::FirstSolicit | Figure::SecondSolicit)] => Some(Condition::of(*one, rules)),
            _ => None,
        };
        let key = key(by, solicit.as_ref());
        let mut query = QueryBuilder::new(format!("select {key}, array["));
        for (index, figure) in figures.iter().enumerate() {
            query.push(if index == 0 { "" } else { ", " });
            query.push("count(*) filter (where ");
            fits(&mut query, &Condition::of(*figure, rules));
            query.push(")");
        }
        query.push("]");
        self.tables(&mut query);
        query.push(" where true");
        let filter = RequestFilter {
            condition: solicit,
            ..filter.clone()
        };
        self.narrow(&mut query, &filter);
        if by.is_some() {
            query.push(" group by 1");
        }
        Ok(query.build_query_as().fetch_all(&mut *self.transaction).await?)
    }

    /// By the day of the answer and the sede that gave it.
    async fn reply_times(
        &mut self,
        filter: &RequestFilter,
        by: Option<Grouping>,
    ) -> Result<Vec<(String, ReplyTimes)>, StoreError> {
        let key = reply_key(by);
        let mut query = QueryBuilder::new(format!(
            "select {key}, count(days), percentile_cont(0.5) within group (order by days), \
             percentile_cont(0.9) within group (order by days) from reply where true"
        ));
        of_replies(&mut query, filter);
        if by.is_some() {
            query.push(" group by 1");
        }
        let rows: Vec<(String, i64, Option<f64>, Option<f64>)> =
            query.build_query_as().fetch_all(&mut *self.transaction).await?;
        let line = |(key, replies, median, ninetieth): (String, i64, Option<f64>, Option<f64>)| {
            let replies = u64::try_from(replies).unwrap_or(0);
            let times = ReplyTimes {
                replies,
                median,
                ninetieth,
            };
            (key, times)
        };
        Ok(rows.into_iter().map(line).collect())
    }
}

fn of_replies(query: &mut QueryBuilder<Postgres>, filter: &RequestFilter) {
    for (column, value) in [
        ("patronato", filter.patronato.as_ref().map(ToString::to_string)),
        ("office", filter.office.as_ref().map(ToString::to_string)),
        ("sender", filter.sender.as_ref().map(ToString::to_string)),
        ("sede", filter.sede.as_ref().map(ToString::to_string)),
        ("topic", filter.topic.as_ref().map(ToString::to_string)),
    ] {
        if let Some(value) = value {
            query.push(format_args!(" and {column} = ")).push_bind(value);
        }
    }
    if let Some(begins) = filter.dates.begins() {
        query.push(" and at >= ").push_bind(begins);
    }
    if let Some(ends) = filter.dates.ends() {
        query.push(" and at < ").push_bind(ends);
    }
}

fn key(by: Option<Grouping>, solicit: Option<&Condition>) -> &'static str {
    match by {
        None => "''",
        Some(Grouping::Topic) => "c.topic",
        Some(Grouping::Patronato) => "c.patronato",
        Some(Grouping::Office) => "c.patronato || ' ' || c.office",
        Some(Grouping::Sede) => "c.sede",
        Some(Grouping::Month) => match solicit {
            Some(Condition::FirstSolicit) => "to_char(c.first_solicit, 'YYYY-MM')",
            Some(Condition::SecondSolicit) => "to_char(c.second_solicit, 'YYYY-MM')",
            Some(_) | None => "to_char(c.opened_at at time zone 'Europe/Rome', 'YYYY-MM')",
        },
    }
}

fn reply_key(by: Option<Grouping>) -> &'static str {
    match by {
        None => "''",
        Some(Grouping::Topic) => "topic",
        Some(Grouping::Patronato) => "patronato",
        Some(Grouping::Office) => "patronato || ' ' || office",
        Some(Grouping::Sede) => "sede",
        Some(Grouping::Month) => "to_char(at at time zone 'Europe/Rome', 'YYYY-MM')",
    }
}

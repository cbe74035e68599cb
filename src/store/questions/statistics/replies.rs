//! How long replies took, by the day of the reply and the sede that gave it.

use std::collections::BTreeMap;

use sqlx::{Postgres, QueryBuilder};

use super::cells::Level;
use super::parts::{Parts, of_places, on_days};
use super::{Question, ReplyTimes, key};
use crate::domain::filter::{DateRange, RequestFilter};
use crate::store::StoreError;

type Query = QueryBuilder<Postgres>;

/// How many replies took so many days.
type Spread = BTreeMap<i32, u64>;

impl Question {
    pub(super) async fn reply_times(
        &mut self,
        parts: &Parts<'_>,
    ) -> Result<BTreeMap<String, ReplyTimes>, StoreError> {
        let mut query = QueryBuilder::new(format!("select {}, c.days, sum(c.replies) from (", key(parts.by)));
        replies_of(&mut query, parts);
        query.push(") as c group by 1, 2");
        let rows: Vec<(String, i32, i64)> = query.build_query_as().fetch_all(&mut *self.transaction).await?;
        let mut spreads: BTreeMap<String, Spread> = BTreeMap::new();
        for (key, days, replies) in rows {
            *spreads.entry(key).or_default().entry(days).or_default() += u64::try_from(replies).unwrap_or(0);
        }
        let times = spreads.into_iter().map(|(key, spread)| (key, times(&spread)));
        Ok(times.collect())
    }
}

/// Adds rows of replies, each for so many of them.
fn replies_of(query: &mut Query, parts: &Parts<'_>) {
    let filter = parts.filter;
    let Some(cells) = parts.cells else {
        return counted_now(query, filter);
    };
    let border = cells.border;
    for (level, days) in cells.divide(filter.dates, true) {
        counted_before(query, filter, level, days);
        query.push(" union all ");
        come_late(query, filter, days);
        query.push(" and c.at < ").push_bind(border);
        query.push(" union all ");
    }
    counted_now(query, filter);
    query.push(" and c.at >= ").push_bind(border);
}

const DAY: &str = "(c.at at time zone 'Europe/Rome')::date";

fn counted_before(query: &mut Query, filter: &RequestFilter, level: Level, days: DateRange) {
    query.push(format_args!(
        "select c.day, c.patronato, c.office, c.sede, c.topic, c.days, c.replies from statistics_reply_cell as c \
         where c.level = '{}'{}",
        level.as_str(),
        level.unused()
    ));
    of_places(query, filter);
    on_days(query, "c.day", days);
}

fn come_late(query: &mut Query, filter: &RequestFilter, days: DateRange) {
    query.push(format_args!(
        "select {DAY}, c.patronato, c.office, c.sede, c.topic, c.days, 1 from statistics_late_reply as c where true"
    ));
    of_places(query, filter);
    on_days(query, DAY, days);
}

fn counted_now(query: &mut Query, filter: &RequestFilter) {
    query.push(format_args!(
        "select {DAY} as day, c.patronato, c.office, c.sede, c.topic, c.days, 1 as replies from reply as c \
         where c.days is not null"
    ));
    of_places(query, filter);
    if let Some(sender) = &filter.sender {
        query
            .push(" and c.sender = ")
            .push_bind(sender.as_str().to_owned());
    }
    if let Some(begins) = filter.dates.begins() {
        query.push(" and c.at >= ").push_bind(begins);
    }
    if let Some(ends) = filter.dates.ends() {
        query.push(" and c.at < ").push_bind(ends);
    }
}

fn times(spread: &Spread) -> ReplyTimes {
    let replies = spread.values().sum();
    ReplyTimes {
        replies,
        median: quantile(spread, replies, 1, 2),
        ninetieth: quantile(spread, replies, 9, 10),
    }
}

/// As PostgreSQL's `percentile_cont` has it: between the two nearest replies, by how near each is.
#[expect(clippy::cast_precision_loss, reason = "the rest is below `of`, days are few")]
fn quantile(spread: &Spread, replies: u64, part: u64, of: u64) -> Option<f64> {
    let place = replies.checked_sub(1)? * part;
    let days_at = |place: u64| {
        let mut below = 0;
        spread.iter().find_map(|(days, replies)| {
            below += replies;
            (place < below).then(|| f64::from(*days))
        })
    };
    let (lower, rest) = (place / of, place % of);
    let low = days_at(lower)?;
    if rest == 0 {
        return Some(low);
    }
    let high = days_at(lower + 1)?;
    Some(low + (high - low) * (rest as f64 / of as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_replies() {
        let spread = |days: &[i32]| {
            let mut spread = Spread::new();
            for days in days {
                *spread.entry(*days).or_default() += 1;
            }
            spread
        };
        assert_eq!(times(&Spread::new()), ReplyTimes::default());
        for (days, median, ninetieth) in [
            (&[4][..], 4.0, 4.0),
            (&[2, 4], 3.0, 3.8),
            (&[1, 1, 1, 9], 1.0, 6.6),
            (&[3, 5, 7], 5.0, 6.6),
        ] {
            let times = times(&spread(days));
            assert_eq!(times.replies, days.len() as u64);
            assert!(
                (times.median.unwrap() - median).abs() < 1e-9,
                "{days:?}: {times:?}"
            );
            assert!(
                (times.ninetieth.unwrap() - ninetieth).abs() < 1e-9,
                "{days:?}: {times:?}"
            );
        }
    }
}

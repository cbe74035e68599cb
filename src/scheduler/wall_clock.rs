//! When a cron line of a time zone is due: by the clock on the wall, each of its times once.
//!
//! In spring 02:30 is missing and the job runs when the wall first shows later (03:00); in autumn 02:30 comes twice
//! and the second is the same key in `job_run`. The price: a job that fires all through the hour that is put back
//! rests for that hour. Such jobs belong in UTC.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::cron_line::CronLine;

/// A fire that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// What the clock on the wall shows; names the run.
    pub wall: NaiveDateTime,
    /// The first instant at which it shows that, or more.
    pub at: DateTime<Utc>,
}

/// The last fire at or before `now`: those before it are not made up for.
pub fn due(cron: &CronLine, zone: Tz, now: DateTime<Utc>) -> Option<Due> {
    let wall = cron.latest_until(wall_time(zone, now))?;
    Some(Due {
        wall,
        at: instant(zone, wall),
    })
}

/// The next `count` fires after `now`, as instants in the zone.
pub fn next_fires(cron: &CronLine, zone: Tz, now: DateTime<Utc>, count: usize) -> Vec<DateTime<Tz>> {
    std::iter::successors(cron.next_after(wall_time(zone, now)), |wall| {
        cron.next_after(*wall)
    })
    .map(|wall| instant(zone, wall))
    // In the hour that comes twice the wall shows times whose first instant is over.
    .filter(|at| *at > now)
    .take(count)
    .map(|at| at.with_timezone(&zone))
    .collect()
}

/// What the clock on the wall shows.
pub fn wall_time(zone: Tz, now: DateTime<Utc>) -> NaiveDateTime {
    now.with_timezone(&zone).naive_local()
}

fn instant(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.to_utc(),
        MappedLocalTime::None => after_gap(zone, wall),
    }
}

/// The end of the gap a wall-clock time lies in. Gaps are of whole minutes; the longest, where a country changed
/// sides of the date line, took one day.
fn after_gap(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    let minute = wall - TimeDelta::seconds(wall.and_utc().timestamp().rem_euclid(60));
    (1..=25 * 60)
        .find_map(|minutes| {
            zone.from_local_datetime(&(minute + TimeDelta::minutes(minutes)))
                .earliest()
        })
        .map_or_else(|| wall.and_utc(), |at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Rome;
    use proptest::prelude::*;

    use super::*;

    fn line(text: &str) -> CronLine {
        CronLine::parse(text).unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn shown(fires: &[DateTime<Tz>]) -> Vec<String> {
        fires.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn half_past_two_is_due_once_on_the_day_it_is_missing() {
        let cron = line("0 30 2 * * *");
        let before = due(&cron, Rome, utc("2026-03-29T00:59:59Z")).unwrap();
        assert_eq!(before.wall.to_string(), "2026-03-28 02:30:00");
        let after = due(&cron, Rome, utc("2026-03-29T01:00:00Z")).unwrap();
        assert_eq!(after.wall.to_string(), "2026-03-29 02:30:00");
        assert_eq!(
            after.at,
            utc("2026-03-29T01:00:00Z"),
            "when the wall turns to 03:00"
        );
    }

    #[test]
    fn half_past_two_is_one_key_on_the_day_it_comes_twice() {
        let cron = line("0 30 2 * * *");
        let keys: Vec<_> = [
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T10:00:00Z",
        ]
        .into_iter()
        .map(|now| due(&cron, Rome, utc(now)).unwrap())
        .collect();
        assert_eq!(keys[0].wall.to_string(), "2026-10-25 02:30:00");
        assert_eq!(keys[0].at, utc("2026-10-25T00:30:00Z"), "the first of the two");
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn half_past_nine_stays_half_past_nine() {
        let spring = next_fires(&line("0 30 9 * * *"), Rome, utc("2026-03-28T00:00:00Z"), 2);
        assert_eq!(
            shown(&spring),
            ["2026-03-28 09:30:00 CET", "2026-03-29 09:30:00 CEST"]
        );
        let autumn = next_fires(&line("0 30 9 * * *"), Rome, utc("2026-10-24T00:00:00Z"), 2);
        assert_eq!(
            shown(&autumn),
            ["2026-10-24 09:30:00 CEST", "2026-10-25 09:30:00 CET"]
        );
    }

    #[test]
    fn next_fires_name_each_wall_time_once() {
        let cron = line("0 30 2 * * *");
        let spring = next_fires(&cron, Rome, utc("2026-03-28T12:00:00Z"), 2);
        assert_eq!(
            shown(&spring),
            ["2026-03-29 03:00:00 CEST", "2026-03-30 02:30:00 CEST"]
        );
        let autumn = next_fires(&cron, Rome, utc("2026-10-24T12:00:00Z"), 2);
        assert_eq!(
            shown(&autumn),
            ["2026-10-25 02:30:00 CEST", "2026-10-26 02:30:00 CET"]
        );
        let between = next_fires(&cron, Rome, utc("2026-10-25T01:15:00Z"), 1);
        assert_eq!(shown(&between), ["2026-10-26 02:30:00 CET"]);
    }

    proptest! {
        /// A daily job gets one key per day, whatever the day and the time, in every zone.
        #[test]
        fn every_day_has_one_key(hour in 0_u32..24, minute in 0_u32..60, start in 1_735_686_000_i64..1_900_000_000,
                                 zone in prop::sample::select(&chrono_tz::TZ_VARIANTS[..])) {
            let cron = line(&format!("0 {minute} {hour} * * *"));
            let mut keys = std::collections::BTreeSet::new();
            let start = DateTime::from_timestamp(start, 0).unwrap();
            let days = 3;
            for step in 0..=days * 24 * 4 {
                keys.insert(due(&cron, zone, start + TimeDelta::minutes(15 * step)).unwrap().wall);
            }
            let first = keys.first().unwrap().date();
            let expected: Vec<_> = first.iter_days().take(keys.len()).collect();
            let days_seen: Vec<_> = keys.iter().map(NaiveDateTime::date).collect();
            prop_assert_eq!(days_seen, expected);
        }

        /// What is due now is never in the future.
        #[test]
        fn due_is_not_early(now in 1_735_686_000_i64..1_900_000_000,
                            zone in prop::sample::select(&chrono_tz::TZ_VARIANTS[..])) {
            let now = DateTime::from_timestamp(now, 0).unwrap();
            let due = due(&line("0 */7 * * * *"), zone, now).unwrap();
            prop_assert!(due.at <= now);
        }
    }
}

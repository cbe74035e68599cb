//! Days as a sede counts them: local dates of a zone, calendar or Italian working days.
//!
//! "15 days" is always a number of dates, never 15 * 24 hours, so that the two days a year on which the clock
//! changes count like any other. The initial day is excluded (DOMAIN.md 0 and 3).

use std::str::FromStr;

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::event::words;

/// A zone of the IANA database; Europe/Rome unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeZone(Tz);

/// The name is not in the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone of the IANA database, such as Europe/Rome")]
pub struct UnknownTimeZone;

impl Default for TimeZone {
    fn default() -> Self {
        Self(chrono_tz::Europe::Rome)
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        name.parse().map(Self).map_err(|_| UnknownTimeZone)
    }
}

impl std::fmt::Display for TimeZone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name())
    }
}

/// The date in Italy: what protocol numbers and registers go by, whatever zone a workflow counts in.
pub fn rome_date(instant: DateTime<Utc>) -> NaiveDate {
    TimeZone::default().date_of(instant)
}

impl TimeZone {
    /// The date on the wall calendar of this zone.
    pub fn date_of(self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.0).date_naive()
    }

    /// The wall-clock time of this zone, for people to read.
    pub fn local(self, instant: DateTime<Utc>) -> DateTime<Tz> {
        instant.with_timezone(&self.0)
    }

    /// The first instant of a date.
    pub fn start_of(self, date: NaiveDate) -> DateTime<Utc> {
        self.instant_of(date.and_time(NaiveTime::MIN))
    }

    /// The instant at which the wall clock shows this: the earlier of two in autumn, the first after the gap where
    /// spring skips it.
    pub fn instant_of(self, wall: NaiveDateTime) -> DateTime<Utc> {
        // No zone has ever skipped more than one whole day, in steps of a quarter of an hour.
        (0..=2 * 24 * 4)
            .filter_map(|quarters| wall.checked_add_signed(TimeDelta::minutes(quarters * 15)))
            .find_map(|local| self.0.from_local_datetime(&local).earliest())
            .map_or_else(|| wall.and_utc(), |local| local.with_timezone(&Utc))
    }
}

words!(
    /// Which days count.
    DayCount {
        /// Every date.
        Calendar = "calendar",
        /// Monday to Friday without the national holidays.
        Working = "working",
    }
);

words!(
    /// Why a date does not count as a working day.
    DayOff {
        Weekend = "weekend",
        Holiday = "holiday",
    }
);

/// A date that did not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SkippedDay {
    pub date: NaiveDate,
    pub cause: DayOff,
}

impl DayCount {
    /// The date on which `days` counted days have passed since `start`; the start itself never counts.
    pub fn add(self, start: NaiveDate, days: u16) -> NaiveDate {
        match self {
            Self::Calendar => later(start, u64::from(days)),
            Self::Working => {
                let mut date = start;
                let mut missing = days;
                while missing > 0 && date < NaiveDate::MAX {
                    date = later(date, 1);
                    missing -= u16::from(day_off(date).is_none());
                }
                date
            }
        }
    }

    /// How many counted days lie after `start` up to and with `end`; 0 if `end` is not later.
    pub fn between(self, start: NaiveDate, end: NaiveDate) -> u32 {
        let days = u32::try_from((end - start).num_days()).unwrap_or(0);
        match self {
            Self::Calendar => days,
            Self::Working => {
                let counted = (1..=u64::from(days)).filter(|ahead| day_off(later(start, *ahead)).is_none());
                u32::try_from(counted.count()).unwrap_or(u32::MAX)
            }
        }
    }
}

fn later(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

/// Which days count, and where midnight is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    pub zone: TimeZone,
    pub days: DayCount,
}

impl Calendar {
    pub fn today(self, now: DateTime<Utc>) -> NaiveDate {
        self.zone.date_of(now)
    }

    pub fn add(self, start: NaiveDate, days: u16) -> NaiveDate {
        self.days.add(start, days)
    }

    /// The last date since which `days` have passed on `today`; `None` if no date there is lies far enough back.
    pub fn latest_start(self, today: NaiveDate, days: u16) -> Option<NaiveDate> {
        let mut start = today.checked_sub_days(Days::new(u64::from(days)))?;
        while self.add(start, days) > today {
            start = start.pred_opt()?;
        }
        Some(start)
    }

    pub fn between(self, start: NaiveDate, end: NaiveDate) -> u32 {
        self.days.between(start, end)
    }

    /// The dates up to and with `end` that did not count, each with its cause.
    pub fn skipped(self, start: NaiveDate, end: NaiveDate) -> Vec<SkippedDay> {
        match self.days {
            DayCount::Calendar => Vec::new(),
            DayCount::Working => {
                let dates = start.iter_days().skip(1).take_while(|date| *date <= end);
                dates
                    .filter_map(|date| {
                        Some(SkippedDay {
                            date,
                            cause: day_off(date)?,
                        })
                    })
                    .collect()
            }
        }
    }
}

/// Why a date is no working day in Italy; `None` if it is one.
pub fn day_off(date: NaiveDate) -> Option<DayOff> {
    if is_national_holiday(date) {
        return Some(DayOff::Holiday);
    }
    match date.weekday() {
        Weekday::Sat | Weekday::Sun => Some(DayOff::Weekend),
        Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Thu | Weekday::Fri => None,
    }
}

/// Day and month of the holidays that fall on the same date every year.
const FIXED_HOLIDAYS: [(u32, u32); 10] = [
    (1, 1),
    (6, 1),
    (25, 4),
    (1, 5),
    (2, 6),
    (15, 8),
    (1, 11),
    (8, 12),
    (25, 12),
    (26, 12),
];

/// The Italian national holidays (legge 260/1949 and later). The patron's day of a town is not among them.
pub fn is_national_holiday(date: NaiveDate) -> bool {
    let fixed = FIXED_HOLIDAYS.contains(&(date.day(), date.month()));
    // San Francesco, by legge 151/2025.
    let san_francesco = date.year() >= 2026 && (date.month(), date.day()) == (10, 4);
    let easter = easter(date.year());
    fixed || san_francesco || date == easter || date == later(easter, 1)
}

/// Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876).
pub fn easter(year: i32) -> NaiveDate {
    let golden = year.rem_euclid(19);
    let (century, rest) = (year.div_euclid(100), year.rem_euclid(100));
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - correction + 15).rem_euclid(30);
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4).rem_euclid(7);
    let shift = (golden + 11 * epact + 22 * weekday) / 451;
    let sum = epact + weekday - 7 * shift + 114;
    let day = |number: i32| u32::try_from(number).unwrap_or(1);
    NaiveDate::from_ymd_opt(year, day(sum / 31), day(sum % 31 + 1)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests;

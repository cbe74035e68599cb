//! A cron line both parsers of this program read alike.
//!
//! `cron` (ours) and `croner` (inside tokio-cron-scheduler) disagree: weekday 1 is Sunday to one and Monday to the
//! other, `5/10` and `L` are known to one only, and with a day of the month beside a day of the week one takes
//! both, the other either. What they disagree about is refused here, so that a line means what people read.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike as _};
use cron::Schedule;

/// When a job fires: `second minute hour day-of-month month day-of-week`, days of the week by name.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CronLine {
    text: Box<str>,
    schedule: Box<Schedule>,
}

/// What is wrong with a cron line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCronLine {
    #[error("needs six fields (second minute hour day month weekday), has {0}")]
    Fields(usize),
    #[error("{field} `{text}`: expected {expected}")]
    Field {
        field: &'static str,
        text: String,
        expected: &'static str,
    },
    #[error(
        "name a day of the month or a day of the week, not both: programs disagree whether one or both must fit"
    )]
    TwoDays,
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("never fires")]
    Never,
}

const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

/// What one field may hold.
struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    /// Names in place of numbers, the first meaning `first`.
    names: &'static [&'static str],
    digits: bool,
    expected: &'static str,
}

const fn numbers(name: &'static str, first: u32, last: u32, expected: &'static str) -> Field {
    Field {
        name,
        first,
        last,
        names: &[],
        digits: true,
        expected,
    }
}

const FIELDS: [Field; 6] = [
    numbers("second", 0, 59, "*, or 0 to 59 with , - and /"),
    numbers("minute", 0, 59, "*, or 0 to 59 with , - and /"),
    numbers("hour", 0, 23, "*, or 0 to 23 with , - and /"),
    numbers("day of the month", 1, 31, "*, or 1 to 31 with , - and /"),
    Field {
        name: "month",
        first: 1,
        last: 12,
        names: &MONTHS,
        digits: true,
        expected: "*, or 1 to 12 or JAN to DEC with , and -",
    },
    Field {
        name: "day of the week",
        first: 1,
        last: 7,
        names: &WEEKDAYS,
        digits: false,
        expected: "*, or names from SUN to SAT with , and - (numbers mean different days to different programs)",
    },
];

impl Field {
    fn check(&self, text: &str) -> Result<(), InvalidCronLine> {
        if text == "*" || text.split(',').all(|item| self.item(item)) {
            return Ok(());
        }
        Err(InvalidCronLine::Field {
            field: self.name,
            text: text.to_owned(),
            expected: self.expected,
        })
    }

    /// `5`, `1-5`, `*/10`, `10-40/10`. Not `5/10`, which is a range to one parser and an error to the other.
    fn item(&self, item: &str) -> bool {
        let (span, step) = match item.split_once('/') {
            None => (item, None),
            Some((span, step)) => (span, Some(step)),
        };
        let stepped = step.is_none_or(|step| {
            self.digits && number(step).is_some_and(|step| step > 0 && step <= self.last - self.first)
        });
        let spanned = match span.split_once('-') {
            None if span == "*" => step.is_some(),
            None => step.is_none() && self.value(span).is_some(),
            Some((from, to)) => match (self.value(from), self.value(to)) {
                (Some(from), Some(to)) => from < to && from.1 == to.1,
                (None, _) | (_, None) => false,
            },
        };
        stepped && spanned
    }

    /// The value of a number or name, and whether it was a name.
    fn value(&self, text: &str) -> Option<(u32, bool)> {
        let named = self
            .names
            .iter()
            .zip(self.first..)
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        if let Some((_, value)) = named {
            return Some((value, true));
        }
        let value = number(text).filter(|_| self.digits)?;
        (self.first..=self.last)
            .contains(&value)
            .then_some((value, false))
    }
}

fn number(text: &str) -> Option<u32> {
    let plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

impl CronLine {
    pub fn parse(text: &str) -> Result<Self, InvalidCronLine> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        if fields.len() != FIELDS.len() {
            return Err(InvalidCronLine::Fields(fields.len()));
        }
        for (field, text) in FIELDS.iter().zip(&fields) {
            field.check(text)?;
        }
        if fields[3] != "*" && fields[5] != "*" {
            return Err(InvalidCronLine::TwoDays);
        }
        let text = fields.join(" ");
        let schedule =
            Schedule::from_str(&text).map_err(|error| InvalidCronLine::Unreadable(error.to_string()))?;
        croner::Cron::from_str(&text).map_err(|error| InvalidCronLine::Unreadable(error.to_string()))?;
        let line = Self {
            text: text.into(),
            schedule: Box::new(schedule),
        };
        match line.next_after(DateTime::UNIX_EPOCH.naive_utc()) {
            Some(_) => Ok(line),
            None => Err(InvalidCronLine::Never),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first fire after a wall-clock time.
    pub fn next_after(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        self.schedule
            .after(&wall.and_utc())
            .next()
            .map(|fire| fire.naive_utc())
    }

    /// The last fire at or before a wall-clock time.
    pub fn latest_until(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        // Backwards `cron` leaves out the second it starts from, and fires come at whole seconds.
        let beyond = wall.with_nanosecond(0)?.and_utc() + TimeDelta::seconds(1);
        self.schedule
            .after(&beyond)
            .next_back()
            .map(|fire| fire.naive_utc())
    }
}

impl fmt::Display for CronLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for CronLine {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for CronLine {}

impl FromStr for CronLine {
    type Err = InvalidCronLine;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for CronLine {
    type Error = InvalidCronLine;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<CronLine> for String {
    fn from(line: CronLine) -> Self {
        line.text.into()
    }
}

#[cfg(test)]
mod tests;

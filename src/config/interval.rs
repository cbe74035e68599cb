//! Lengths of time as people write them in a configuration file: `5ms`, `10s`, `30m`, `12h`, `35d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval(Duration);

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

impl Interval {
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    pub const fn from_days(days: u64) -> Self {
        Self(Duration::from_secs(days * 86_400))
    }

    pub const fn get(self) -> Duration {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a length of time: write a whole number and a unit, such as 5ms, 10s, 30m, 12h or 35d")]
pub struct NotAnInterval(String);

impl FromStr for Interval {
    type Err = NotAnInterval;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotAnInterval(text.to_owned());
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let (_, milliseconds) = UNITS
            .iter()
            .find(|(name, _)| *name == unit.trim())
            .ok_or_else(wrong)?;
        number
            .checked_mul(*milliseconds)
            .map(Self::from_millis)
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let exact = UNITS
            .iter()
            .rev()
            .find(|(_, unit)| milliseconds.is_multiple_of(*unit));
        let (name, unit) = match exact {
            Some(found) if milliseconds > 0 => *found,
            _ => ("s", 1_000),
        };
        write!(f, "{}{name}", milliseconds / unit)
    }
}

super::text_value::text_value!(Interval);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_every_unit_and_prints_the_largest_exact_one() {
        for (text, milliseconds, printed) in [
            ("5ms", 5, "5ms"),
            ("10s", 10_000, "10s"),
            ("90s", 90_000, "90s"),
            ("120s", 120_000, "2m"),
            ("48 h", 172_800_000, "2d"),
            ("0s", 0, "0s"),
        ] {
            let interval: Interval = text.parse().unwrap();
            assert_eq!(interval.get(), Duration::from_millis(milliseconds), "{text}");
            assert_eq!(interval.to_string(), printed);
        }
    }

    #[test]
    fn refuses_what_has_no_unit_a_sign_or_a_fraction() {
        for text in [
            "",
            "10",
            "s",
            "-5s",
            "1.5s",
            "10 seconds",
            "5M",
            "99999999999999999999d",
            "999999999999999d",
        ] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_agree(milliseconds in 0..u64::MAX / 2) {
            let interval = Interval::from_millis(milliseconds);
            prop_assert_eq!(interval.to_string().parse::<Interval>(), Ok(interval));
        }
    }
}

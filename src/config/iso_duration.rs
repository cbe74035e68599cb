//! ISO 8601 durations of a fixed length, such as `P16D`, `-P1D` or `P1DT2H30M`: how far a clock is moved.

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;

/// A duration in whole seconds, either way. Years and months have no fixed length and are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IsoDuration(TimeDelta);

impl IsoDuration {
    pub const fn get(self) -> TimeDelta {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl From<TimeDelta> for IsoDuration {
    fn from(duration: TimeDelta) -> Self {
        Self(duration)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an ISO 8601 duration in weeks, days, hours, minutes and seconds, such as P16D or -PT2H"
)]
pub struct NotAnIsoDuration(String);

/// The longest offset taken, about a thousand years: what every date computation survives.
const MOST_SECONDS: i64 = 1_000 * 366 * 86_400;
const DATE_UNITS: [(char, i64); 2] = [('W', 604_800), ('D', 86_400)];
const TIME_UNITS: [(char, i64); 3] = [('H', 3_600), ('M', 60), ('S', 1)];

impl FromStr for IsoDuration {
    type Err = NotAnIsoDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        seconds(text)
            .filter(|total| total.abs() <= MOST_SECONDS)
            .map(|total| Self(TimeDelta::seconds(total)))
            .ok_or_else(|| NotAnIsoDuration(text.to_owned()))
    }
}

fn seconds(text: &str) -> Option<i64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let rest = rest.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None if rest.is_empty() => return None,
        None => (rest, ""),
    };
    let total = part(date, &DATE_UNITS)?.checked_add(part(time, &TIME_UNITS)?)?;
    Some(sign * total)
}

/// Numbers each followed by one of `units`, in their order.
fn part(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut rest = text;
    let mut total: i64 = 0;
    for (letter, length) in units {
        if let Some((number, after)) = rest.split_once(*letter) {
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*length)?)?;
            rest = after;
        }
    }
    rest.is_empty().then_some(total)
}

impl fmt::Display for IsoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.0.num_seconds();
        if total == 0 {
            return f.write_str("PT0S");
        }
        f.write_str(if total < 0 { "-P" } else { "P" })?;
        let mut rest = total.unsigned_abs();
        if rest >= 86_400 {
            write!(f, "{}D", rest / 86_400)?;
            rest %= 86_400;
        }
        if rest > 0 {
            f.write_str("T")?;
        }
        for (letter, length) in [('H', 3_600), ('M', 60), ('S', 1)] {
            if rest >= length {
                write!(f, "{}{letter}", rest / length)?;
                rest %= length;
            }
        }
        Ok(())
    }
}

super::text_value::text_value!(IsoDuration);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_the_contract_names() {
        for (text, seconds, printed) in [
            ("P16D", 16 * 86_400, "P16D"),
            ("P0D", 0, "PT0S"),
            ("-P1D", -86_400, "-P1D"),
            ("+P1W", 7 * 86_400, "P7D"),
            ("P1DT2H30M", 86_400 + 9_000, "P1DT2H30M"),
            ("PT90S", 90, "PT1M30S"),
            ("PT36H", 36 * 3_600, "P1DT12H"),
        ] {
            let duration: IsoDuration = text.parse().unwrap();
            assert_eq!(duration.get().num_seconds(), seconds, "{text}");
            assert_eq!(duration.to_string(), printed);
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "16D",
            "P1Y",
            "P1M",
            "P1.5D",
            "P-1D",
            "PD",
            "P1H",
            "PT1D",
            "p16d",
            "P9999999999D",
        ] {
            assert!(text.parse::<IsoDuration>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_agree(seconds in -MOST_SECONDS..=MOST_SECONDS) {
            let duration = IsoDuration(TimeDelta::seconds(seconds));
            prop_assert_eq!(duration.to_string().parse::<IsoDuration>(), Ok(duration));
        }
    }
}

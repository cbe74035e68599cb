//! When something ends by itself: at a time, or in how long.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::interval::Interval;

/// As a person said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    At(DateTime<Utc>),
    In(Duration),
}

impl Until {
    /// `None`: further away than any date.
    pub fn from(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::At(time) => Some(time),
            Self::In(duration) => now.checked_add_signed(TimeDelta::from_std(duration).ok()?),
        }
    }
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(time.to_utc()));
        }
        let interval = Interval::from_str(text)
            .map_err(|_| "expected a time such as 2026-11-27T18:00:00+01:00, or 30m, 2h".to_owned())?;
        Ok(Self::In(interval.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_or_an_interval() {
        let now: DateTime<Utc> = "2026-11-27T09:00:00Z".parse().unwrap();
        let at = |text: &str| Until::from_str(text).map(|until| until.from(now).unwrap().to_rfc3339());
        assert_eq!(at("2h").as_deref(), Ok("2026-11-27T11:00:00+00:00"));
        assert_eq!(
            at("2026-11-27T18:00:00+01:00").as_deref(),
            Ok("2026-11-27T17:00:00+00:00")
        );
        for wrong in ["", "tomorrow", "2026-11-27T18:00:00", "-1h"] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }
}

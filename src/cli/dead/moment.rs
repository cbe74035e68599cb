//! A point in time, as people say it: a date, or a date with a time.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::calendar::TimeZone;

/// A date is its first instant in Italy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub DateTime<Utc>);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(date) = text.parse::<NaiveDate>() {
            return Ok(Self(TimeZone::default().start_of(date)));
        }
        DateTime::parse_from_rfc3339(text)
            .map(|time| Self(time.to_utc()))
            .map_err(|_| {
                "expected a date such as 2026-11-27, or a time such as 2026-11-27T18:00:00+01:00".to_owned()
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_begins_in_italy_and_a_time_says_its_zone() {
        let at = |text: &str| Moment::from_str(text).map(|moment| moment.0.to_rfc3339());
        assert_eq!(at("2026-11-27").as_deref(), Ok("2026-11-26T23:00:00+00:00"));
        assert_eq!(
            at("2026-11-27T18:00:00+01:00").as_deref(),
            Ok("2026-11-27T17:00:00+00:00")
        );
        for wrong in ["", "today", "2026-11-27T18:00:00", "2026-13-01"] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }
}

//! Points in time as papers show them: Italian, in Italy's time.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};
use chrono_tz::{Europe::Rome, Tz};

/// Shown to the second: `21/10/2020 17:04:13`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(DateTime<Tz>);

impl Moment {
    pub(super) fn new(at: DateTime<Utc>) -> Self {
        Self(at.with_timezone(&Rome))
    }

    /// `21/10/2020`
    pub(super) fn day(&self) -> String {
        self.0.format("%d/%m/%Y").to_string()
    }

    /// `21/10/2020, ore 17:04`
    pub(super) fn appointment(&self) -> String {
        self.0.format("%d/%m/%Y, ore %H:%M").to_string()
    }

    /// For machines, with the difference from UTC.
    pub(super) fn iso(&self) -> String {
        self.0.to_rfc3339()
    }

    /// What a clock on an Italian wall shows.
    pub(super) fn wall_clock(&self) -> NaiveDateTime {
        self.0.naive_local()
    }

    /// Year, month, day, hour, minute and second in UTC.
    pub(super) fn utc(&self) -> (u16, [u8; 5]) {
        let at = self.0.to_utc();
        let small = |part: u32| u8::try_from(part).unwrap_or_default();
        let year = u16::try_from(at.year()).unwrap_or_default();
        (
            year,
            [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(small),
        )
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%d/%m/%Y %H:%M:%S"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_italy_on_both_sides_of_the_change_of_clocks() {
        let moment = |text: &str| Moment::new(text.parse().unwrap());
        let summer = moment("2020-10-21T15:04:13Z");
        assert_eq!(summer.to_string(), "21/10/2020 17:04:13");
        assert_eq!(summer.iso(), "2020-10-21T17:04:13+02:00");
        assert_eq!(summer.utc(), (2020, [10, 21, 15, 4, 13]));
        let winter = moment("2020-12-31T23:30:00Z");
        assert_eq!(winter.day(), "01/01/2021");
        assert_eq!(winter.appointment(), "01/01/2021, ore 00:30");
    }
}

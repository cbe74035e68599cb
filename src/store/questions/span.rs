//! When a request was opened, as a word of its document: `#202611`, by the calendar of UTC. So the index of words
//! answers "these words, among the latest" without gathering those of years.

use chrono::{DateTime, Months, Utc};

/// The month of a moment, and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(DateTime<Utc>);

const MONTH: &str = "#%Y%m";

impl Span {
    pub(super) const fn until(last: DateTime<Utc>) -> Self {
        Self(last)
    }

    /// Any of which a document from this stretch holds, as a `tsquery`.
    pub(super) fn words(self) -> String {
        let before = self.0.checked_sub_months(Months::new(1)).unwrap_or(self.0);
        format!("'{}' | '{}'", self.0.format(MONTH), before.format(MONTH))
    }

    /// What the document of a request opened then holds.
    pub(super) fn word_of(opened: DateTime<Utc>) -> String {
        opened.format(MONTH).to_string()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn a_stretch_ends_with_its_month_and_holds_the_one_before() {
        let new_year = Utc.with_ymd_and_hms(2027, 1, 1, 0, 30, 0).unwrap();
        assert_eq!(Span::word_of(new_year), "#202701");
        assert_eq!(Span::until(new_year).words(), "'#202701' | '#202612'");
        let end_of_march = Utc.with_ymd_and_hms(2027, 3, 31, 12, 0, 0).unwrap();
        assert_eq!(Span::until(end_of_march).words(), "'#202703' | '#202702'");
    }
}

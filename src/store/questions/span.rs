//! When a request was opened, in words of its document: `#20261128` and `#202611`, by the calendar of UTC. So the index
//! of words answers "these words, among the latest" without gathering those of years.

use chrono::{DateTime, Days, Months, Utc};

/// A stretch of time up to a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Span {
    /// Its day, and the one before.
    Days(DateTime<Utc>),
    /// Its month, and the one before.
    Months(DateTime<Utc>),
    #[default]
    All,
}

const DAY: &str = "#%Y%m%d";
const MONTH: &str = "#%Y%m";

impl Span {
    /// Any of which a document from this stretch holds, as a `tsquery`.
    pub(super) fn words(self) -> Option<String> {
        let (last, before, form) = match self {
            Self::Days(last) => (last, last.checked_sub_days(Days::new(1)), DAY),
            Self::Months(last) => (last, last.checked_sub_months(Months::new(1)), MONTH),
            Self::All => return None,
        };
        let before = before.unwrap_or(last);
        Some(format!("'{}' | '{}'", last.format(form), before.format(form)))
    }

    /// What the document of a request opened then holds.
    pub(super) fn words_of(opened: DateTime<Utc>) -> String {
        format!("{} {}", opened.format(DAY), opened.format(MONTH))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn a_stretch_ends_with_its_day_or_month_and_holds_the_one_before() {
        let new_year = Utc.with_ymd_and_hms(2027, 1, 1, 0, 30, 0).unwrap();
        assert_eq!(Span::words_of(new_year), "#20270101 #202701");
        assert_eq!(Span::Days(new_year).words().unwrap(), "'#20270101' | '#20261231'");
        assert_eq!(Span::Months(new_year).words().unwrap(), "'#202701' | '#202612'");
        assert_eq!(Span::All.words(), None);
        let end_of_march = Utc.with_ymd_and_hms(2027, 3, 31, 12, 0, 0).unwrap();
        assert_eq!(
            Span::Months(end_of_march).words().unwrap(),
            "'#202703' | '#202702'"
        );
    }
}

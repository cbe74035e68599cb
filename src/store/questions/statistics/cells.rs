//! Cells of whole days or months: which of them can answer a question, and which of its days they hold.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, TimeDelta, Utc};

use crate::domain::calendar::rome_date;
use crate::domain::filter::{DateRange, Grouping, RequestFilter};
use crate::domain::person::Scope;

/// What cells tell apart. Topics by day, the others by month: finer ones would be hardly fewer than requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Topic,
    Office,
    Sede,
}

impl Level {
    /// The cells that can answer; `None` where only the requests can.
    pub(super) fn answering(
        filter: &RequestFilter,
        by: Option<Grouping>,
        scope: Option<&Scope>,
    ) -> Option<Self> {
        let RequestFilter {
            patronato,
            office,
            sender: None,
            sede,
            officer: None,
            state: None,
            topic,
            dates: _,
            condition: _,
            overdue: None,
            solicited: None,
            with_attachments: None,
            unread: None,
            protocol: None,
            text: None,
            codice_fiscale: None,
        } = filter
        else {
            return None;
        };
        let of_office = patronato.is_some()
            || office.is_some()
            || matches!(by, Some(Grouping::Patronato | Grouping::Office))
            || matches!(scope, Some(Scope::Office { .. }));
        let of_sede = sede.is_some() || by == Some(Grouping::Sede);
        let of_topic = topic.is_some() || by == Some(Grouping::Topic);
        match scope {
            // It sees what it held before as well, and that is no cell's.
            Some(Scope::Sede(own)) if sede.as_ref() != Some(own) => return None,
            Some(Scope::Nothing) => return None,
            Some(Scope::Sede(_) | Scope::Office { .. }) | None => {}
        }
        match (of_office, of_sede, of_topic) {
            (false, false, _) => Some(Self::Topic),
            (true, false, false) => Some(Self::Office),
            (false, true, false) => Some(Self::Sede),
            (true, true, _) | (true, _, true) | (_, true, true) => None,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Office => "office",
            Self::Sede => "sede",
        }
    }

    /// What is null in its cells: said, it lets their key be walked from the left.
    pub(super) const fn unused(self) -> &'static str {
        match self {
            Self::Topic => " and c.patronato is null and c.office is null and c.sede is null",
            Self::Office => " and c.sede is null and c.topic is null",
            Self::Sede => " and c.patronato is null and c.office is null and c.topic is null",
        }
    }
}

/// Cells, up to the instant they reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells {
    pub(super) level: Level,
    /// The first instant not counted yet.
    pub(super) border: DateTime<Utc>,
}

/// Days a question is about: those whole cells tell, and what is left at both ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Divided {
    pub(super) cells: Option<DateRange>,
    pub(super) ends: Vec<DateRange>,
}

impl Cells {
    /// `reaches_border`: no day after that of the border is in any cell.
    pub(super) fn divide(self, dates: DateRange, reaches_border: bool) -> Divided {
        if self.level == Level::Topic {
            return Divided {
                cells: Some(dates),
                ends: Vec::new(),
            };
        }
        let last = rome_date(self.border - TimeDelta::microseconds(1));
        let covers_all = reaches_border && dates.to().is_none_or(|to| to >= last);
        let from = dates.from().map(month_from);
        let to = dates.to().filter(|_| !covers_all).map(month_to);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Divided {
                cells: None,
                ends: vec![dates],
            };
        }
        let before = from.filter(|from| dates.from() != Some(*from));
        let after = to.filter(|to| dates.to() != Some(*to));
        let ends = [
            before.map(|first| (dates.from(), Some(first - Days::new(1)))),
            after.map(|last| (Some(last + Days::new(1)), dates.to())),
        ];
        let range = |(from, to)| DateRange::new(from, to).unwrap_or(dates);
        Divided {
            cells: Some(range((from, to))),
            ends: ends.into_iter().flatten().map(range).collect(),
        }
    }
}

/// The first month's beginning that is not before the day.
fn month_from(day: NaiveDate) -> NaiveDate {
    let first = day - Days::new(u64::from(day.day0()));
    if first == day { day } else { first + Months::new(1) }
}

/// The last month's end that is not after the day.
fn month_to(day: NaiveDate) -> NaiveDate {
    let next = day + Days::new(1);
    next - Days::new(u64::from(next.day0()) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> DateRange {
        DateRange::new(from.parse().ok(), to.parse().ok()).unwrap()
    }

    /// With cells up to ten in the morning in Italy: they hold the first hours of the day.
    fn divided(level: Level, dates: DateRange, reaches_border: bool) -> (Option<DateRange>, Vec<DateRange>) {
        divided_at("2026-11-25T09:00:00Z", level, dates, reaches_border)
    }

    fn divided_at(
        border: &str,
        level: Level,
        dates: DateRange,
        reaches_border: bool,
    ) -> (Option<DateRange>, Vec<DateRange>) {
        let border = border.parse().unwrap();
        let cells = Cells { level, border };
        let Divided { cells, ends } = cells.divide(dates, reaches_border);
        (cells, ends)
    }

    #[test]
    fn whole_months_are_in_cells_and_what_is_left_is_counted() {
        for (from, to, cells, ends) in [
            (
                "2026-01-01",
                "2026-03-31",
                Some(range("2026-01-01", "2026-03-31")),
                vec![],
            ),
            ("", "2026-02-28", Some(range("", "2026-02-28")), vec![]),
            ("", "", Some(DateRange::ALL), vec![]),
            (
                "2026-01-02",
                "2026-03-30",
                Some(range("2026-02-01", "2026-02-28")),
                vec![
                    range("2026-01-02", "2026-01-31"),
                    range("2026-03-01", "2026-03-30"),
                ],
            ),
            (
                "2026-01-02",
                "2026-02-27",
                None,
                vec![range("2026-01-02", "2026-02-27")],
            ),
            (
                "2026-05-05",
                "2026-05-05",
                None,
                vec![range("2026-05-05", "2026-05-05")],
            ),
            // the cells of this month end before this day anyway
            ("2026-11-01", "2026-11-25", Some(range("2026-11-01", "")), vec![]),
            (
                "2026-11-01",
                "2026-11-24",
                None,
                vec![range("2026-11-01", "2026-11-24")],
            ),
        ] {
            assert_eq!(
                divided(Level::Sede, range(from, to), true),
                (cells, ends),
                "{from} {to}"
            );
        }
    }

    #[test]
    fn a_day_that_is_all_counted_is_the_last_in_cells() {
        for (border, cells) in [
            ("2026-11-24T23:00:00Z", Some(range("2026-11-01", ""))),
            ("2026-11-25T00:00:00Z", None),
        ] {
            let (told, _) = divided_at(border, Level::Sede, range("2026-11-01", "2026-11-24"), true);
            assert_eq!(told, cells, "{border}");
        }
    }

    /// A request of last week is solicited tomorrow: its cell may hold days after those asked for.
    #[test]
    fn solicits_are_in_cells_of_months_not_over_yet() {
        let dates = range("2026-10-01", "2026-11-25");
        let (cells, ends) = divided(Level::Office, dates, false);
        assert_eq!(cells, Some(range("2026-10-01", "2026-10-31")));
        assert_eq!(ends, [range("2026-11-01", "2026-11-25")]);
        assert_eq!(divided(Level::Topic, dates, false), (Some(dates), vec![]));
    }

    #[test]
    fn cells_answer_what_they_tell_apart() {
        let office = Scope::Office {
            patronato: "inca".parse().unwrap(),
            office: "INCA-RM-001".parse().unwrap(),
        };
        let sede = Scope::Sede("230001".parse().unwrap());
        let all = RequestFilter::default();
        let of_sede = RequestFilter {
            sede: "230001".parse().ok(),
            ..RequestFilter::default()
        };
        let of_topic = RequestFilter {
            topic: "naspi".parse().ok(),
            ..RequestFilter::default()
        };
        let mine = RequestFilter {
            sender: "op1".parse().ok(),
            ..RequestFilter::default()
        };
        for (filter, by, scope, level) in [
            (&all, None, None, Some(Level::Topic)),
            (&of_topic, Some(Grouping::Month), None, Some(Level::Topic)),
            (&all, Some(Grouping::Patronato), None, Some(Level::Office)),
            (&all, Some(Grouping::Sede), None, Some(Level::Sede)),
            (&of_sede, Some(Grouping::Topic), None, None),
            (&of_sede, Some(Grouping::Office), None, None),
            (&mine, None, None, None),
            (&all, Some(Grouping::Month), Some(&office), Some(Level::Office)),
            (&of_topic, None, Some(&office), None),
            (&of_sede, None, Some(&sede), Some(Level::Sede)),
            (&all, None, Some(&sede), None),
            (&all, None, Some(&Scope::Nothing), None),
        ] {
            assert_eq!(
                Level::answering(filter, by, scope),
                level,
                "{filter:?} by {by:?} as {scope:?}"
            );
        }
    }
}

//! Cells of whole days or months: which of them can answer a question, and which of its days they hold.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, TimeDelta, Utc};

use crate::domain::calendar::rome_date;
use crate::domain::filter::{DateRange, Grouping, RequestFilter};
use crate::domain::person::Scope;

/// What cells tell apart, and whether by day or by month. A year of days is many cells of offices, of sedi too; a year
/// of topics is few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Topic,
    Office,
    OfficeDay,
    Sede,
    SedeDay,
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
            Self::OfficeDay => "office_day",
            Self::Sede => "sede",
            Self::SedeDay => "sede_day",
        }
    }

    /// The cells by day that tell the same apart.
    pub(super) const fn by_day(self) -> Self {
        match self {
            Self::Topic => Self::Topic,
            Self::Office | Self::OfficeDay => Self::OfficeDay,
            Self::Sede | Self::SedeDay => Self::SedeDay,
        }
    }

    /// What is null in its cells: said, it lets their key be walked from the left.
    pub(super) const fn unused(self) -> &'static str {
        match self {
            Self::Topic => " and c.patronato is null and c.office is null and c.sede is null",
            Self::Office | Self::OfficeDay => " and c.sede is null and c.topic is null",
            Self::Sede | Self::SedeDay => " and c.patronato is null and c.office is null and c.topic is null",
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

/// Days a question is about, and the cells that tell them: whole months, and the days at both ends.
pub(super) type Divided = Vec<(Level, DateRange)>;

impl Cells {
    /// `reaches_border`: no day after that of the border is in any cell.
    pub(super) fn divide(self, dates: DateRange, reaches_border: bool) -> Divided {
        let by_day = self.level.by_day();
        if self.level == by_day {
            return vec![(by_day, dates)];
        }
        let last = rome_date(self.border - TimeDelta::microseconds(1));
        let covers_all = reaches_border && dates.to().is_none_or(|to| to >= last);
        let from = dates.from().map(month_from);
        let to = dates.to().filter(|_| !covers_all).map(month_to);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return vec![(by_day, dates)];
        }
        let before = from.filter(|from| dates.from() != Some(*from));
        let after = to.filter(|to| dates.to() != Some(*to));
        let parts = [
            Some((self.level, (from, to))),
            before.map(|first| (by_day, (dates.from(), Some(first - Days::new(1))))),
            after.map(|last| (by_day, (Some(last + Days::new(1)), dates.to()))),
        ];
        let range = |(level, (from, to))| (level, DateRange::new(from, to).unwrap_or(dates));
        parts.into_iter().flatten().map(range).collect()
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
        let (months, days): (Vec<_>, Vec<_>) = cells
            .divide(dates, reaches_border)
            .into_iter()
            .partition(|(by, _)| *by == level);
        assert!(months.len() < 2 && days.iter().all(|(by, _)| *by == level.by_day()));
        let range = |(_, range)| range;
        (
            months.into_iter().map(range).next(),
            days.into_iter().map(range).collect(),
        )
    }

    #[test]
    fn whole_months_are_told_by_cells_of_months_and_what_is_left_by_those_of_days() {
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

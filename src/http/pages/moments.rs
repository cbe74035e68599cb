//! Days and times as Italian readers write them, in Italy's time.

#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "templates pass what they show by reference"
)]

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};

use crate::domain::calendar::TimeZone;

/// `21/10/2020`
pub(super) fn day(date: &NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}

/// `21 ottobre 2020`
pub(super) fn long_day(date: &NaiveDate) -> String {
    const MONTHS: [&str; 12] = [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ];
    let ordinal = if date.day() == 1 { "º" } else { "" };
    format!(
        "{}{ordinal} {} {}",
        date.day(),
        MONTHS[date.month0() as usize],
        date.year()
    )
}

/// To the second: `21/10/2020 17:04:13`.
pub(super) fn moment(at: &DateTime<Utc>) -> String {
    TimeZone::default()
        .local(*at)
        .format("%d/%m/%Y %H:%M:%S")
        .to_string()
}

/// For machines, in the `datetime` of a `<time>`.
pub(super) fn machine(at: &DateTime<Utc>) -> String {
    TimeZone::default().local(*at).to_rfc3339()
}

/// What a person or a date field wrote: `2020-10-21` or `21/10/2020`.
pub(super) fn read_day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let written = |form| NaiveDate::parse_from_str(text, form).ok();
    ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"]
        .into_iter()
        .find_map(written)
        .filter(|date| (1850..=2200).contains(&date.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_browsers_and_as_people_write_them() {
        let wanted = NaiveDate::from_ymd_opt(2020, 10, 21);
        for text in ["2020-10-21", "21/10/2020", " 21-10-2020 ", "21.10.2020"] {
            assert_eq!(read_day(text), wanted, "{text}");
        }
        for text in ["", "31/02/2020", "21/10/20", "10/21/2020"] {
            assert_eq!(read_day(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_italian() {
        let at = "2020-10-21T15:04:13Z".parse().unwrap();
        assert_eq!(moment(&at), "21/10/2020 17:04:13");
        let first = NaiveDate::from_ymd_opt(2021, 3, 1).unwrap();
        assert_eq!(
            (day(&first), long_day(&first)),
            ("01/03/2021".to_owned(), "1º marzo 2021".to_owned())
        );
    }
}

//! Protocol numbers `INPS.<office>.<dd/mm/yyyy>.<number>` (R-030, R-093; DPR 445/2000 art. 57).
//!
//! A number is unique within its office and year; the gapless register that gives them out is the store's.

use std::fmt;

use chrono::NaiveDate;

use super::ids::{InvalidId, text_id};

text_id!(
    /// The code a sede (or AOO) has in protocol numbers: `7013`, `CCBFF`.
    ProtocolOffice, "protocol office", "^[0-9A-Z]{4,5}$", "4 or 5 of 0-9 and A-Z",
    |text| (4..=5).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
);

/// With the days there are, leap years and all, and a number a register can give.
const PATTERN: &str = concat!(
    r"^INPS\.[0-9A-Z]{4,5}\.",
    r"((0[1-9]|1[0-9]|2[0-8])/(0[1-9]|1[0-2])/[0-9]{4}",
    r"|(29|30)/(0[13-9]|1[0-2])/[0-9]{4}",
    r"|31/(0[13578]|1[02])/[0-9]{4}",
    r"|29/02/([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00))",
    r"\.0{0,10}([0-9]{7,9}|[1-3][0-9]{9})$"
);
const EXPECTED: &str = "INPS.<4 or 5 of 0-9 and A-Z>.<dd/mm/yyyy>.<at least 7 digits>";

/// A protocol number. Ordered by day, then office, then sequence: the order in which they were given out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProtocolNumber {
    date: NaiveDate,
    office: ProtocolOffice,
    sequence: u32,
}

impl ProtocolNumber {
    /// The number a register gives on a day (a date in Italy, of a year with four digits).
    pub const fn new(office: ProtocolOffice, date: NaiveDate, sequence: u32) -> Self {
        Self {
            date,
            office,
            sequence,
        }
    }

    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        Self::from_parts(text).ok_or(InvalidId {
            kind: "protocol number",
            expected: EXPECTED,
        })
    }

    fn from_parts(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("INPS.")?.splitn(3, '.');
        let office = ProtocolOffice::parse(parts.next()?).ok()?;
        let date = italian_date(parts.next()?)?;
        let digits = parts.next()?;
        let sequence = if all_digits(digits) {
            digits.parse().ok()?
        } else {
            return None;
        };
        (digits.len() >= 7).then_some(Self {
            date,
            office,
            sequence,
        })
    }

    pub const fn office(&self) -> &ProtocolOffice {
        &self.office
    }

    /// The day of registration, in Italy.
    pub const fn date(&self) -> NaiveDate {
        self.date
    }

    /// The progressive number within its office and year.
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Exactly `dd/mm/yyyy`; chrono's own parser takes signs, spaces and single digits as well.
fn italian_date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('/');
    let mut next = |width: usize| {
        parts
            .next()
            .filter(|part| part.len() == width && all_digits(part))
    };
    let (day, month, year) = (next(2)?, next(2)?, next(4)?);
    if parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

impl fmt::Display for ProtocolNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date.format("%d/%m/%Y");
        write!(f, "INPS.{}.{date}.{:07}", self.office, self.sequence)
    }
}

impl std::str::FromStr for ProtocolNumber {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for ProtocolNumber {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ProtocolNumber> for String {
    fn from(number: ProtocolNumber) -> Self {
        number.to_string()
    }
}

impl schemars::JsonSchema for ProtocolNumber {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ProtocolNumber".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": PATTERN, "description": EXPECTED })
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("INPS.7013.24/02/2021.0000123")]
    #[case("INPS.CCBFF.17/02/2020.9999999")]
    #[case::more_digits("INPS.CCBFF.29/02/2024.12345678")]
    fn reads_and_writes_the_manuals_shape(#[case] text: &str) {
        assert_eq!(ProtocolNumber::parse(text).unwrap().to_string(), text);
    }

    #[rstest]
    #[case::short_number("INPS.7013.24/02/2021.123456")]
    #[case::no_such_day("INPS.7013.30/02/2021.0000123")]
    #[case::short_day("INPS.7013.4/02/2021.0000123")]
    #[case::sign("INPS.7013.+4/02/2021.0000123")]
    #[case::lower_case_office("INPS.ccbff.17/02/2020.0000001")]
    #[case::long_office("INPS.CCBFFA.17/02/2020.0000001")]
    #[case::another_register("INAIL.7013.17/02/2020.0000001")]
    #[case::arabic_digits("INPS.7013.17/02/2020.٠٠٠٠٠٠١")]
    #[case::tail("INPS.7013.17/02/2020.0000001.2")]
    #[case::empty("")]
    fn refuses(#[case] text: &str) {
        assert!(ProtocolNumber::parse(text).is_err());
    }

    #[test]
    fn is_ordered_by_day_office_and_number() {
        let mut numbers: Vec<ProtocolNumber> = [
            "INPS.CCBFF.01/01/2022.0000001",
            "INPS.7013.31/12/2021.0000010",
            "INPS.CCBFF.31/12/2021.0000002",
            "INPS.7013.31/12/2021.0000009",
        ]
        .map(|text| text.parse().unwrap())
        .into();
        numbers.sort();
        let sorted: Vec<_> = numbers
            .iter()
            .map(|number| (number.date().year(), number.sequence()))
            .collect();
        assert_eq!(sorted, [(2021, 9), (2021, 10), (2021, 2), (2022, 1)]);
    }

    #[test]
    fn another_registers_padding_is_read_and_not_kept() {
        let padded: ProtocolNumber = "INPS.7013.01/01/2021.0000000012".parse().unwrap();
        assert_eq!(padded.to_string(), "INPS.7013.01/01/2021.0000012");
    }

    proptest! {
        #[test]
        fn all_that_the_described_pattern_takes_is_read(
            text in proptest::string::string_regex(PATTERN.trim_matches(['^', '$'])).unwrap()
        ) {
            prop_assert!(ProtocolNumber::parse(&text).is_ok(), "{}", text);
        }

        #[test]
        fn what_the_register_gives_reads_back(
            office in "[0-9A-Z]{4,5}", days in 1..3_000_000_i32, sequence in any::<u32>()
        ) {
            let date = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            let given = ProtocolNumber::new(ProtocolOffice::parse(&office).unwrap(), date, sequence);
            prop_assert_eq!(ProtocolNumber::parse(&given.to_string()), Ok(given));
        }

        #[test]
        fn any_text_parses_or_not_without_a_panic(text in r"(INPS\.)?[0-9A-Z]{0,6}\.?[0-9/]{0,11}\.?\PC{0,20}") {
            if let Ok(number) = ProtocolNumber::parse(&text) {
                prop_assert_eq!(ProtocolNumber::parse(&number.to_string()), Ok(number));
            }
        }
    }
}

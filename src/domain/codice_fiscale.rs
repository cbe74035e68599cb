//! The codice fiscale: sixteen characters with a check character, or the eleven digits of a provisional one.
//!
//! It never identifies a person by itself and never shows itself: `Debug` and `Display` are masked, and
//! no error of parsing or deserialising repeats what was given. Rules: DM 23/12/1976, DOMAIN.md 3.

mod check;
mod silent;

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::event::words;
use super::ids::InvalidId;
pub(super) use silent::deserialize_silently;

const PATTERN: &str = concat!(
    "^([A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-7LMNPQRST][0-9LMNPQRSTUV][A-Z][0-9LMNPQRSTUV]{3}[A-Z]",
    "|[0-9]{11})$"
);
const EXPECTED: &str = "16 characters with their check character, or the 11 digits of a provisional code";

/// Months by their letter.
const MONTHS: &[u8] = b"ABCDEHLMPRST";

/// A well-formed codice fiscale, in capitals.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodiceFiscale(Box<str>);

words!(
    /// The sex a codice fiscale was made for.
    Sex {
        Female = "F",
        Male = "M",
    }
);

/// What a codice fiscale tells of a birth. The century is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BirthHint {
    pub year_of_century: u8,
    pub month: u8,
    pub day: u8,
    pub sex: Sex,
}

impl BirthHint {
    /// Whether a person born on this date may have the codice fiscale.
    pub fn fits(self, born_on: NaiveDate) -> bool {
        born_on.year().rem_euclid(100) == i32::from(self.year_of_century)
            && born_on.month() == u32::from(self.month)
            && born_on.day() == u32::from(self.day)
    }
}

impl CodiceFiscale {
    /// Takes any case and spaces around; refuses a wrong shape, an impossible day and a wrong check character.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let code = text.trim().to_ascii_uppercase();
        let valid = match code.len() {
            16 => check::is_personal(code.as_bytes()),
            11 => check::is_provisional(code.as_bytes()),
            _ => false,
        };
        if valid {
            Ok(Self(code.into()))
        } else {
            Err(InvalidId {
                kind: "codice fiscale",
                expected: EXPECTED,
            })
        }
    }

    /// The code in clear, for the wire and the database only.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough to recognise one in a list: `BNC************U`.
    pub fn masked(&self) -> String {
        let last = self.0.len() - 1;
        format!("{}{}{}", &self.0[..3], "*".repeat(last - 3), &self.0[last..])
    }

    /// Whether this is an eleven-digit code, given until the real one is.
    pub fn is_provisional(&self) -> bool {
        self.0.len() == 11
    }

    /// The code with its omocodia undone, so that all 128 forms of one code lead to the same people.
    #[must_use]
    pub fn base(&self) -> Self {
        if self.is_provisional() {
            return self.clone();
        }
        let mut base = String::with_capacity(16);
        for (at, byte) in self.0.bytes().take(15).enumerate() {
            let digit = check::digit_at(at, byte).map(|digit| char::from(b'0' + digit));
            base.push(digit.unwrap_or(char::from(byte)));
        }
        base.push(char::from(check::check_character(base.as_bytes())));
        Self(base.into())
    }

    /// Every code that stands for the same base: the 128 omocodia forms, this one among them.
    pub fn forms(&self) -> Vec<Self> {
        if self.is_provisional() {
            return vec![self.clone()];
        }
        let base = self.base();
        check::omocodia_forms(base.0.as_bytes())
            .into_iter()
            .map(|form| Self(form.into()))
            .collect()
    }

    /// What the code tells of the birth; a provisional one tells nothing.
    pub fn birth_hint(&self) -> Option<BirthHint> {
        if self.is_provisional() {
            return None;
        }
        let bytes = self.0.as_bytes();
        let digits =
            |at: usize| Some(check::digit_at(at, bytes[at])? * 10 + check::digit_at(at + 1, bytes[at + 1])?);
        let month = MONTHS.iter().position(|letter| *letter == bytes[8])? + 1;
        let day = digits(9)?;
        Some(BirthHint {
            year_of_century: digits(6)?,
            month: u8::try_from(month).ok()?,
            day: day % 40,
            sex: if day > 40 { Sex::Female } else { Sex::Male },
        })
    }
}

impl fmt::Debug for CodiceFiscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Display for CodiceFiscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl std::str::FromStr for CodiceFiscale {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for CodiceFiscale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CodiceFiscale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_silently(deserializer, Self::parse)
    }
}

impl schemars::JsonSchema for CodiceFiscale {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CodiceFiscale".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": PATTERN, "description": EXPECTED })
    }
}

#[cfg(test)]
mod tests;

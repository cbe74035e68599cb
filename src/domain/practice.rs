//! References to a practice: only its register can judge a number, here it is opaque text.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::codice_fiscale::deserialize_silently;
use super::event::words;
use super::ids::InvalidId;

words!(
    /// The five kinds of reference.
    PracticeKind {
        Protocol = "protocol",
        Domus = "domus",
        Pension = "pension",
        Rdc = "rdc",
        Rem = "rem",
    }
);

impl PracticeKind {
    /// How the manual calls its number, as a sentence begins.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Protocol => "Numero di protocollo",
            Self::Domus => "Numero Domus",
            Self::Pension => "Numero pensione",
            Self::Rdc => "Numero domanda RDC",
            Self::Rem => "Numero domanda REM",
        }
    }
}

words!(
    /// What a person is to a practice. Only the last may not ask about a pension.
    HolderRole {
        Titolare = "titolare",
        AmministratoreDiSostegno = "amministratore_di_sostegno",
        Tutore = "tutore",
        Altro = "altro",
    }
);

impl HolderRole {
    /// Whether the person may be told about the pension.
    pub const fn is_entitled(self) -> bool {
        match self {
            Self::Titolare | Self::AmministratoreDiSostegno | Self::Tutore => true,
            Self::Altro => false,
        }
    }
}

const EXPECTED: &str = "1 to 50 visible ASCII characters";

/// The number of a practice: trimmed, in capitals, otherwise opaque. Personal: it never shows itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PracticeNumber(Box<str>);

impl PracticeNumber {
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let number = text.trim().to_ascii_uppercase();
        if (1..=50).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(number.into()))
        } else {
            Err(InvalidId {
                kind: "practice number",
                expected: EXPECTED,
            })
        }
    }

    /// The number in clear, for the wire, the database and the pages.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PracticeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PracticeNumber(..)")
    }
}

impl std::str::FromStr for PracticeNumber {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for PracticeNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PracticeNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_silently(deserializer, Self::parse)
    }
}

impl schemars::JsonSchema for PracticeNumber {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PracticeNumber".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[!-~]{1,50}$", "description": EXPECTED })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_trimmed_and_in_capitals() {
        let number = PracticeNumber::parse(" inps-rdc-2021-77 ").unwrap();
        assert_eq!(number.as_str(), "INPS-RDC-2021-77");
        assert!(PracticeNumber::parse("INPS.7013.24/02/2021.0000123").is_ok());
        for wrong in ["", "  ", "12 34", "n°1", &"9".repeat(51)] {
            assert!(PracticeNumber::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_number_never_shows_itself() {
        let number = PracticeNumber::parse("030010110000000").unwrap();
        assert!(!format!("{number:?}").contains("0300"));
        let error = serde_json::from_str::<PracticeNumber>("30010110000000").unwrap_err();
        assert!(!error.to_string().contains("3001"), "{error}");
    }
}

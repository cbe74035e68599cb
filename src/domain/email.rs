//! Addresses of electronic mail. Personal: they never show themselves.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::codice_fiscale::deserialize_silently;
use super::ids::InvalidId;

/// Longest address there can be (RFC 5321, 4.5.3.1.3).
const LONGEST: usize = 254;

/// An address mail can be sent to: no line breaks, no name, no list of several.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(Box<str>);

impl EmailAddress {
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let valid = text.len() <= LONGEST
            && !text.chars().any(char::is_control)
            && email_address::EmailAddress::parse_with_options(text, BARE).is_ok();
        valid.then(|| Self(text.into())).ok_or(InvalidId {
            kind: "e-mail address",
            expected: "name@domain",
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const BARE: email_address::Options = email_address::Options {
    minimum_sub_domains: 0,
    allow_domain_literal: false,
    allow_display_text: false,
};

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

impl std::str::FromStr for EmailAddress {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_silently(deserializer, Self::parse)
    }
}

impl schemars::JsonSchema for EmailAddress {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EmailAddress".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "format": "email", "maxLength": LONGEST,
            "description": "an address mail can be sent to, without a name",
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("op1@inca.example")]
    #[case("mario.rossi+patronato@sub.inca.example")]
    #[case("o'brien@inca.example")]
    fn addresses_are_taken_as_they_are(#[case] text: &str) {
        assert_eq!(EmailAddress::parse(text).unwrap().as_str(), text);
    }

    #[rstest]
    #[case::nothing("")]
    #[case::a_name("Mario Rossi")]
    #[case::with_a_name("Mario <op1@inca.example>")]
    #[case::no_domain("op1@")]
    #[case::two("a@inca.example,b@inca.example")]
    #[case::a_further_header("op1@inca.example\r\nBcc: b@altro.example")]
    #[case::a_line_break_in_quotes("\"op\n1\"@inca.example")]
    #[case::a_space(" op1@inca.example")]
    fn what_is_no_address_is_refused(#[case] text: &str) {
        assert!(EmailAddress::parse(text).is_err());
    }

    #[test]
    fn an_address_never_shows_itself() {
        let address = EmailAddress::parse("op1@inca.example").unwrap();
        assert_eq!(format!("{address:?}"), "EmailAddress(..)");
        let error = serde_json::from_str::<EmailAddress>("\"Mario Rossi\"").unwrap_err();
        assert!(!error.to_string().contains("Mario"), "{error}");
    }
}

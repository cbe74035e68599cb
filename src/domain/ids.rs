//! Identifiers. Each is parsed once at the border; a value of these types is always well formed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an identifier of the wanted kind. Never carries the text itself: it may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: expected {expected}")]
pub struct InvalidId {
    pub kind: &'static str,
    pub expected: &'static str,
}

/// Declares a text identifier: its allowed characters, lengths (in bytes) and the pattern written into schemas.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $pattern:literal, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            pub fn parse(text: &str) -> Result<Self, $crate::domain::ids::InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.into())) } else { Err($crate::domain::ids::InvalidId { kind: $kind, expected: $expected }) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::ids::InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::domain::ids::InvalidId;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": $expected })
            }
        }
    };
}
pub(crate) use text_id;

fn every(text: &str, min: usize, max: usize, allowed: fn(u8) -> bool) -> bool {
    (min..=max).contains(&text.len()) && text.bytes().all(allowed)
}

fn code_character(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

text_id!(
    /// A patronato, as it stands in routing keys: `inca`.
    PatronatoCode, "patronato code", "^[a-z0-9-]{2,32}$", "2 to 32 of a-z, 0-9 and -",
    |text| every(text, 2, 32, code_character)
);
text_id!(
    /// An INPS sede or desk, as it stands in routing keys: `230001`, `lineainps`, `da-smistare`.
    SedeCode, "sede code", "^[a-z0-9-]{2,32}$", "2 to 32 of a-z, 0-9 and -",
    |text| every(text, 2, 32, code_character)
);
text_id!(
    /// An office of a patronato: `INCA-RM-001`.
    OfficeCode, "office code", "^[A-Za-z0-9._-]{2,40}$", "2 to 40 of A-Z, a-z, 0-9, dot, _ and -",
    |text| every(text, 2, 40, |b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
);
text_id!(
    /// A topic of the catalogue: `pensioni-paesi-non-convenzionati`.
    TopicCode, "topic code", "^[a-z0-9-]{2,80}$", "2 to 80 of a-z, 0-9 and -",
    |text| every(text, 2, 80, code_character)
);
text_id!(
    /// A person in the citizens' register. A codice fiscale never identifies a person by itself.
    PersonId, "person id", "^[!-~]{1,64}$", "1 to 64 visible ASCII characters",
    |text| every(text, 1, 64, |b| b.is_ascii_graphic())
);
text_id!(
    /// Who acts: an operator of a patronato or an officer of a sede, as their own system names them.
    ActorId, "actor id", "^[!-~]{1,64}$", "1 to 64 visible ASCII characters",
    |text| every(text, 1, 64, |b| b.is_ascii_graphic())
);
text_id!(
    /// The publisher's id of a message, the same over its retries: the idempotency key within a source.
    MessageId, "message id", "^[!-~]{1,128}$", "1 to 128 visible ASCII characters",
    |text| every(text, 1, 128, |b| b.is_ascii_graphic())
);
text_id!(
    /// One running engine process.
    NodeName, "node name", "^[A-Za-z0-9._@-]{1,64}$", "1 to 64 of A-Z, a-z, 0-9, dot, _, @ and -",
    |text| every(text, 1, 64, |b| b.is_ascii_alphanumeric() || b"._@-".contains(&b))
);

pub const LINEAINPS: &str = "lineainps";
pub const UNROUTED_DESK: &str = "da-smistare";

impl SedeCode {
    /// The first-level desk every request passes.
    pub fn lineainps() -> Self {
        Self(LINEAINPS.into())
    }

    /// The desk for requests no rule can route: parked with an alarm, never dropped.
    pub fn unrouted_desk() -> Self {
        Self(UNROUTED_DESK.into())
    }

    pub fn is_desk(&self) -> bool {
        matches!(self.as_str(), LINEAINPS | UNROUTED_DESK)
    }
}

/// A request, from first submission to last answer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct RequestId(pub Uuid);

/// Names every id derived by usciere, so that the same input gives the same id on every node and every retry.
const NAMESPACE: Uuid = Uuid::from_u128(0x7573_6369_6572_4e53_8f3c_5a1e_0b7d_4c21);

impl RequestId {
    /// The id of a request whose publisher gave none: derived from source and message id.
    pub fn derive(source: &Source, message: &MessageId) -> Self {
        Self(derived_uuid(&["request", &source.to_string(), message.as_str()]))
    }

    /// Buckets share the work of the relays; everything of one request falls into one bucket.
    pub fn bucket(self, buckets: u16) -> u16 {
        let [.., high, low] = self.0.into_bytes();
        u16::from_be_bytes([high, low]) % buckets
    }
}

/// A UUID v5 over the given parts, unambiguous for parts without a newline.
pub fn derived_uuid(parts: &[&str]) -> Uuid {
    Uuid::new_v5(&NAMESPACE, parts.join("\n").as_bytes())
}

/// The id under which a portal is told of event number `seq` of a request that no command of its own caused.
pub fn portal_message_id(request: RequestId, seq: u32, kind: &str) -> Uuid {
    derived_uuid(&["portal", &request.to_string(), &seq.to_string(), kind])
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RequestId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self).map_err(|_| InvalidId {
            kind: "request id",
            expected: "a UUID",
        })
    }
}

/// Who published a command: the identity the routing key carries. `portal.inca`, `sede.230001`, `engine`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Portal(PatronatoCode),
    Sede(SedeCode),
    /// The engine itself: timers and automatic routing.
    Engine,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Portal(code) => write!(f, "portal.{code}"),
            Self::Sede(code) => write!(f, "sede.{code}"),
            Self::Engine => f.write_str("engine"),
        }
    }
}

impl FromStr for Source {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('.') {
            Some(("portal", code)) => PatronatoCode::parse(code).map(Self::Portal),
            Some(("sede", code)) => SedeCode::parse(code).map(Self::Sede),
            None if text == "engine" => Ok(Self::Engine),
            Some(_) | None => Err(InvalidId {
                kind: "source",
                expected: "portal.<patronato>, sede.<sede> or engine",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_lower_case_digits_and_dashes() {
        assert!(SedeCode::parse("230001").is_ok());
        assert!(SedeCode::parse("da-smistare").is_ok());
        for wrong in ["", "a", "Inca", "inca.rm", "inca rm", "à1", &"x".repeat(33)] {
            assert!(PatronatoCode::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn message_ids_are_visible_ascii() {
        assert!(MessageId::parse("a").is_ok());
        assert!(MessageId::parse(&"x".repeat(128)).is_ok());
        for wrong in ["", "a b", "a\n", "è", &"x".repeat(129)] {
            assert!(MessageId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sources_read_back_what_they_write() {
        for text in ["portal.inca", "sede.230001", "engine"] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        assert!("portal.".parse::<Source>().is_err());
        assert!("somebody.inca".parse::<Source>().is_err());
    }

    #[test]
    fn derived_request_ids_depend_on_source_and_message() {
        let inca = Source::Portal(PatronatoCode::parse("inca").unwrap());
        let acli = Source::Portal(PatronatoCode::parse("acli").unwrap());
        let message = MessageId::parse("m-1").unwrap();
        assert_eq!(
            RequestId::derive(&inca, &message),
            RequestId::derive(&inca, &message)
        );
        assert_ne!(
            RequestId::derive(&inca, &message),
            RequestId::derive(&acli, &message)
        );
    }
}

//! Looking for requests by text: forgiving about case, accents and unfinished words, and aware of pasted protocol
//! numbers and ids.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::ids::{InvalidId, RequestId};
use super::protocol::ProtocolNumber;

/// The longest text to look for, in characters.
const LONGEST: usize = 200;
/// More words than this say nothing more.
const MOST_WORDS: usize = 20;

const EXPECTED: &str = "1 to 200 characters, a letter or digit among them";

/// What somebody looks for. Personal: it never shows itself.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SearchText {
    text: Box<str>,
    wanted: Wanted,
}

/// What a text to look for means.
#[derive(Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Exactly this request.
    Protocol(ProtocolNumber),
    Request(RequestId),
    /// Requests with all these words, or words that begin so; folded, never empty.
    Words(Vec<String>),
}

impl SearchText {
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let wanted = read(text).filter(|_| text.chars().count() <= LONGEST);
        wanted
            .map(|wanted| Self {
                text: text.into(),
                wanted,
            })
            .ok_or(InvalidId {
                kind: "text to look for",
                expected: EXPECTED,
            })
    }

    pub const fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// As it was written, to be written into a link again.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn read(text: &str) -> Option<Wanted> {
    if let Ok(id) = text.trim().parse() {
        return Some(Wanted::Request(id));
    }
    let pasted = |token: &str| {
        let token = token.trim_matches(|c: char| !c.is_alphanumeric());
        ProtocolNumber::parse(&token.to_uppercase()).ok()
    };
    if let Some(number) = text.split_whitespace().find_map(pasted) {
        return Some(Wanted::Protocol(number));
    }
    let words: Vec<String> = fold(text)
        .split_whitespace()
        .take(MOST_WORDS)
        .map(ToOwned::to_owned)
        .collect();
    (!words.is_empty()).then_some(Wanted::Words(words))
}

/// Text as it is compared: lower case, without accents, every other character a space.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            folded.push(plain(character.to_ascii_lowercase()));
        } else {
            decompose_compatible(character, |part| {
                if !is_combining_mark(part) {
                    folded.extend(part.to_lowercase().map(plain));
                }
            });
        }
    }
    folded
}

fn plain(character: char) -> char {
    if character.is_alphanumeric() {
        character
    } else {
        ' '
    }
}

impl fmt::Debug for SearchText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SearchText(..)")
    }
}

impl std::str::FromStr for SearchText {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for SearchText {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl Serialize for SearchText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl schemars::JsonSchema for SearchText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SearchText".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"[\p{L}\p{N}]",
            "description": "words to look for, without regard to case and accents; a word may be unfinished; a \
                            protocol number or an id finds that request"
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        match SearchText::parse(text).unwrap().wanted() {
            Wanted::Words(words) => words.clone(),
            Wanted::Protocol(_) | Wanted::Request(_) => panic!("{text} is more than words"),
        }
    }

    #[test]
    fn case_accents_and_punctuation_do_not_matter() {
        assert_eq!(words("  Perché l'Assegno?  "), ["perche", "l", "assegno"]);
        assert_eq!(words("MODALITÀ"), words("modalita\u{300}"));
        assert_eq!(words("ﬁne"), ["fine"]);
    }

    proptest! {
        #[test]
        fn folding_by_characters_is_folding_the_whole(text in any::<String>()) {
            let whole: String = text.nfkd()
                .filter(|character| !is_combining_mark(*character))
                .flat_map(char::to_lowercase)
                .map(plain)
                .collect();
            prop_assert_eq!(fold(&text), whole);
        }
    }

    #[rstest]
    #[case("INPS.7013.24/02/2021.0000123")]
    #[case::among_words("N. PROTOCOLLO: inps.7013.24/02/2021.0000123,")]
    fn pasted_protocol_numbers_are_recognised(#[case] text: &str) {
        let number = "INPS.7013.24/02/2021.0000123".parse().unwrap();
        assert!(SearchText::parse(text).unwrap().wanted() == &Wanted::Protocol(number));
    }

    #[test]
    fn pasted_ids_are_recognised() {
        let id = "0199c0de-0000-7000-8000-000000000001";
        assert!(
            SearchText::parse(&format!(" {id} ")).unwrap().wanted() == &Wanted::Request(id.parse().unwrap())
        );
        // a part of a number is words
        assert_eq!(words("7013.0000123"), ["7013", "0000123"]);
    }

    #[rstest]
    #[case::nothing("")]
    #[case::no_word(" ?!& | :* ")]
    #[case::too_long(&"a".repeat(201))]
    fn what_cannot_be_looked_for_is_refused(#[case] text: &str) {
        assert!(SearchText::parse(text).is_err());
    }

    #[test]
    fn what_is_looked_for_never_shows_itself() {
        assert_eq!(
            format!("{:?}", SearchText::parse("Bianchi").unwrap()),
            "SearchText(..)"
        );
    }
}

//! Arguments that are one of a closed list of words, listed in the help and checked by clap.

use clap::builder::{PossibleValuesParser, StringValueParser, TypedValueParser};

use crate::domain::ids::InvalidId;

/// A parser for an enum declared by the domain: its words and the way back from a word.
pub fn one_of<T>(
    all: &'static [T],
    word: fn(T) -> &'static str,
    from_word: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.iter().map(|value| word(*value)))
        .map(move |text| from_word(&text).expect("clap takes the listed words only"))
}

/// A parser for a value of the domain whose names are read more generously than `FromStr` would.
pub fn parsed_by<T>(parse: fn(&str) -> Result<T, InvalidId>) -> impl TypedValueParser<Value = T>
where
    T: Clone + Send + Sync + 'static,
{
    StringValueParser::new().try_map(move |text| parse(&text))
}

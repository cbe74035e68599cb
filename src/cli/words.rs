//! Arguments that are one of a closed list of words, listed in the help and checked by clap.

use clap::builder::{PossibleValuesParser, TypedValueParser};

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

//! Deserialising personal text: serde's own errors repeat the value they choke on, these do not.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

use crate::domain::ids::InvalidId;

/// Reads a text through `parse`; whatever else stands there is named by neither kind nor value.
pub(in crate::domain) fn deserialize_silently<'de, D, T>(
    deserializer: D,
    parse: fn(&str) -> Result<T, InvalidId>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(Silent(parse))
}

struct Silent<T>(fn(&str) -> Result<T, InvalidId>);

impl<T> Silent<T> {
    fn refuse<E: Error>() -> Result<T, E> {
        Err(E::custom("a text is expected here"))
    }
}

impl<T> Visitor<'_> for Silent<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Self::refuse()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Self::refuse()
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<T, E> {
        Self::refuse()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        Self::refuse()
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<T, E> {
        Self::refuse()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Self::refuse()
    }
}

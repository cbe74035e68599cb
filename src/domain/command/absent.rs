//! Optional members that are null: as if they were not there.

use serde::{Deserialize, Deserializer};

/// What stands there, or else what an absent member means.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

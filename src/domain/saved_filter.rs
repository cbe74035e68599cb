//! Searches people keep under a name.

use serde::Serialize;
use uuid::Uuid;

use super::ids::InvalidId;

/// Kept per person at most.
pub const MOST_SAVED: usize = 20;

const LONGEST: usize = 60;

/// What somebody calls a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FilterName(String);

impl FilterName {
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let fits = (1..=LONGEST).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        fits.then_some(Self(name)).ok_or(InvalidId {
            kind: "name of a saved filter",
            expected: "1 to 60 characters",
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which saved search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SavedFilterId(pub Uuid);

/// A search under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFilter {
    pub id: SavedFilterId,
    pub name: FilterName,
    /// The part after `?` of the list's address.
    pub query: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_of_one_line() {
        assert_eq!(
            FilterName::parse("  le  mie\nscadute ").unwrap().as_str(),
            "le mie scadute"
        );
        for wrong in ["", "   ", "\u{7}", &"a".repeat(61)] {
            assert!(FilterName::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}

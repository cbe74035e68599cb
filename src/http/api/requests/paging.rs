//! Lists a page at a time, by an opaque cursor: it names the last line seen, so pages do not shift when requests come
//! in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::filter::{Order, Page, Position};
use crate::domain::ids::{InvalidId, RequestId};
use crate::http::api::listed::Listed;
use crate::store::Counted;

/// How many lines a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
pub(in crate::http) struct PageSize(u16);

/// Of the pages people turn.
pub(in crate::http) const SIZES: [u16; 3] = [25, 50, 100];

const LARGEST: u16 = 100;

impl PageSize {
    pub(in crate::http) const SMALLEST: Self = Self(SIZES[0]);

    /// One of those people choose from.
    pub(in crate::http) fn of_pages(size: u16) -> Option<Self> {
        SIZES.contains(&size).then_some(Self(size))
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(50)
    }
}

impl From<PageSize> for u16 {
    fn from(size: PageSize) -> Self {
        size.0
    }
}

impl TryFrom<u16> for PageSize {
    type Error = InvalidId;

    fn try_from(size: u16) -> Result<Self, InvalidId> {
        let fits = (1..=LARGEST).contains(&size);
        fits.then_some(Self(size)).ok_or(InvalidId {
            kind: "size of a page",
            expected: "1 to 100",
        })
    }
}

impl JsonSchema for PageSize {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PageSize".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": LARGEST, "default": 50 })
    }
}

/// The `next` of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::http) struct Cursor(Position);

/// 1 January 1900 and 9999, since 1970.
const FIRST_MICROSECOND: i64 = -2_208_988_800_000_000;
const LAST_MICROSECOND: i64 = 253_370_764_800_000_000;

impl Cursor {
    fn write(position: Position) -> String {
        let mut bytes = position.at.timestamp_micros().to_be_bytes().to_vec();
        bytes.extend_from_slice(position.request.0.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(text: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (at, id) = bytes.split_first_chunk::<8>()?;
        // Within what the database can compare with: before and after it there is nothing to list.
        let micros = i64::from_be_bytes(*at).clamp(FIRST_MICROSECOND, LAST_MICROSECOND);
        Some(Position {
            at: DateTime::from_timestamp_micros(micros)?,
            request: RequestId(Uuid::from_slice(id).ok()?),
        })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Self::write(self.0))
    }
}

impl TryFrom<String> for Cursor {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::read(&text).map(Self).ok_or(InvalidId {
            kind: "cursor",
            expected: "the `next` of the page before",
        })
    }
}

impl JsonSchema for Cursor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "pattern": "^[A-Za-z0-9_-]{32}$", "description": "the `next` of the page before"
        })
    }
}

/// Which page.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::http) struct PageQuery {
    pub(in crate::http) cursor: Option<Cursor>,
    pub(in crate::http) order: Order,
    pub(in crate::http) limit: PageSize,
}

impl PageQuery {
    /// One line more than is shown tells whether there are more.
    pub(in crate::http) fn one_more(self) -> Page {
        Page {
            after: self.cursor.map(|cursor| cursor.0),
            order: self.order,
            limit: self.limit.0 + 1,
        }
    }
}

/// How many fit.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub(in crate::http) struct Total {
    /// Counted up to 1,000, or up to 100 where words are looked for.
    pub(in crate::http) count: u64,
    /// `false`: there are more than were counted.
    pub(in crate::http) exact: bool,
}

impl From<Counted> for Total {
    fn from(counted: Counted) -> Self {
        Self {
            count: counted.count,
            exact: counted.exact,
        }
    }
}

impl Total {
    pub(in crate::http) const fn exactly(count: u64) -> Self {
        Self { count, exact: true }
    }
}

/// A page of a list, and how long the list is.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Listing<T> {
    #[serde(flatten)]
    pub(in crate::http) page: Listed<T>,
    pub(in crate::http) total: Total,
}

impl<T> Listing<T> {
    /// Of one line more than the page has, where there are more.
    pub(in crate::http) fn new(
        found: Vec<T>,
        page: PageQuery,
        total: Total,
        position: impl Fn(&T) -> Position,
    ) -> Self {
        let cursor = |last: &T| Cursor::write(position(last));
        Self {
            page: Listed::cut(found, page.limit.0.into(), cursor),
            total,
        }
    }

    pub(in crate::http) fn map<U>(self, line: impl FnMut(T) -> U) -> Listing<U> {
        Listing {
            page: self.page.map(line),
            total: self.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_the_position_it_was_written_for() {
        let position = Position {
            at: "2026-11-23T09:15:32.123456Z".parse().unwrap(),
            request: "0199c0de-0000-7000-8000-000000000001".parse().unwrap(),
        };
        let text = Cursor::write(position);
        assert_eq!(text.len(), 32);
        assert_eq!(Cursor::try_from(text), Ok(Cursor(position)));
    }

    #[test]
    fn cursors_and_sizes_of_another_shape_are_refused() {
        for text in ["", "abc", "????", &"A".repeat(31)] {
            assert!(Cursor::try_from(text.to_owned()).is_err(), "{text}");
        }
        for text in ["f", "_", "g", "A"].map(|one| one.repeat(32)) {
            assert!(
                Cursor::try_from(text.clone()).is_ok(),
                "{text}: the shape is right"
            );
        }
        for (size, fits) in [(0, false), (1, true), (100, true), (101, false)] {
            assert_eq!(PageSize::try_from(size).is_ok(), fits, "{size}");
        }
        assert_eq!(PageSize::of_pages(7), None);
        assert_eq!(PageSize::of_pages(25), Some(PageSize::SMALLEST));
    }
}

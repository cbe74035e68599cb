//! Long lists a page at a time.

use schemars::JsonSchema;
use serde::Serialize;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::http) struct Listed<T> {
    pub(in crate::http) items: Vec<T>,
    /// The `cursor` of the next page; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) next: Option<String>,
}

/// What a page holds where nothing else is asked for, and at most.
pub(in crate::http) const USUAL: u16 = 50;
const MOST: u16 = 200;

/// How many rows to ask for: one more than the page tells whether there are more.
pub(in crate::http) fn one_more(limit: Option<u16>) -> u16 {
    limit.unwrap_or(USUAL).clamp(1, MOST) + 1
}

impl<T> Listed<T> {
    /// The page of rows that were asked for with [`one_more`]; `cursor` names the last of it.
    pub(in crate::http) fn of(items: Vec<T>, limit: Option<u16>, cursor: impl FnOnce(&T) -> String) -> Self {
        Self::cut(items, usize::from(one_more(limit)) - 1, cursor)
    }

    /// The page of so many rows, where one more was asked for.
    pub(in crate::http) fn cut(mut items: Vec<T>, shown: usize, cursor: impl FnOnce(&T) -> String) -> Self {
        let more = items.len() > shown;
        items.truncate(shown);
        Self {
            next: items.last().filter(|_| more).map(cursor),
            items,
        }
    }

    pub(in crate::http) fn map<U>(self, line: impl FnMut(T) -> U) -> Listed<U> {
        Listed {
            items: self.items.into_iter().map(line).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_next() {
        let page = |rows: Vec<u16>| Listed::of(rows, Some(2), ToString::to_string);
        assert_eq!(page(vec![3, 2, 1]).next.as_deref(), Some("2"));
        assert_eq!(page(vec![2, 1]).next, None);
        assert_eq!(one_more(None), 51);
        assert_eq!((one_more(Some(0)), one_more(Some(u16::MAX))), (2, 201));
    }
}

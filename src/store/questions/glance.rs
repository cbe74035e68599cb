//! The first requests of a list are compared with the words somebody looks for, before the index of words is asked: what
//! many requests hold soon fills a page, and most offices have few requests. How many held them so far tells whether
//! it is worth while to go on.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::conditions::Query;
use super::lists::{Counted, in_order};
use super::search::{holding, without_text};
use super::{Question, StoreError};
use crate::domain::filter::{Page, Position, RequestFilter};
use crate::domain::ids::RequestId;
use crate::domain::search::{SearchText, Wanted};

/// Requests compared in one statement: 5 microseconds each.
const STEP: u16 = 1_000;
/// Requests compared at most.
const MOST: usize = 4_000;

/// What the beginning of a list holds.
#[derive(Debug, Default)]
pub(super) struct Glance {
    /// Those that hold every word, in the order of the list.
    found: Vec<RequestId>,
    looked_at: usize,
    /// The list ends there.
    is_all: bool,
}

#[derive(FromRow)]
struct Compared {
    id: Uuid,
    opened_at: DateTime<Utc>,
    holds_words: bool,
}

impl Glance {
    /// The first ones that hold the words, unless there may be more of them.
    pub(super) fn first(&self, number: usize) -> Option<&[RequestId]> {
        let found = self.found.get(..number);
        found.or_else(|| self.is_all.then_some(&self.found))
    }

    /// How many hold the words, counted up to `at_most`, unless there may be more of them.
    pub(super) fn counted(&self, at_most: u32) -> Option<Counted> {
        let found = u64::try_from(self.found.len()).unwrap_or(u64::MAX);
        (self.is_all || found > at_most.into()).then(|| Counted::new(found, at_most))
    }

    /// Whether the next requests promise to bring `enough` together before too many are compared.
    fn goes_on(&self, enough: usize) -> bool {
        let some = self.found.len();
        !self.is_all && some < enough && self.looked_at < MOST && some * MOST >= enough * self.looked_at
    }

    fn add(&mut self, compared: &[Compared]) {
        self.looked_at += compared.len();
        self.is_all = compared.len() < usize::from(STEP);
        let holding = compared.iter().filter(|one| one.holds_words);
        self.found.extend(holding.map(|one| RequestId(one.id)));
    }
}

impl Question {
    /// Compares requests from the page's beginning on, until `enough` hold the words of the filter; `None` where it has
    /// no words that say something.
    pub(super) async fn glance(
        &mut self,
        filter: &RequestFilter,
        page: Page,
        enough: usize,
    ) -> Result<Option<Glance>, StoreError> {
        let Some(Wanted::Words(words)) = filter.text.as_ref().map(SearchText::wanted) else {
            return Ok(None);
        };
        if !self.says_something(words) {
            return Ok(None);
        }
        let any_text = without_text(filter);
        let mut glance = Glance::default();
        let mut next = Page { limit: STEP, ..page };
        loop {
            let compared = self.compare(&any_text, words, next).await?;
            glance.add(&compared);
            next.after = compared.last().map(|last| Position {
                at: last.opened_at,
                request: RequestId(last.id),
            });
            if !glance.goes_on(enough) {
                return Ok(Some(glance));
            }
        }
    }

    async fn compare(
        &mut self,
        any_text: &RequestFilter,
        words: &[String],
        page: Page,
    ) -> Result<Vec<Compared>, StoreError> {
        let mut query = Query::new("select c.id, c.opened_at, coalesce(d.document @@ (select ");
        if self.scope.is_some() {
            query.push("scope_words() && ");
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        holding(&mut query, &words);
        query.push("), false) as holds_words");
        self.tables(&mut query, any_text);
        query.push(" where true");
        self.narrow(&mut query, any_text);
        in_order(&mut query, page);
        Ok(query.build_query_as().fetch_all(&mut *self.transaction).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glance(found: usize, looked_at: usize) -> Glance {
        Glance {
            found: vec![RequestId(Uuid::nil()); found],
            looked_at,
            is_all: false,
        }
    }

    #[test]
    fn it_goes_on_while_what_it_found_promises_enough() {
        assert!(glance(75, 1_000).goes_on(101));
        assert!(!glance(101, 2_000).goes_on(101), "that is enough");
        assert!(!glance(20, 1_000).goes_on(101), "the index is quicker");
        assert!(!glance(0, 1_000).goes_on(26));
        assert!(!glance(100, MOST).goes_on(101), "however little is missing");
        let all = Glance {
            is_all: true,
            ..glance(75, 1_000)
        };
        assert!(!all.goes_on(101));
    }

    #[test]
    fn it_answers_what_it_knows() {
        let some = glance(30, 1_000);
        assert_eq!(some.first(30).map(<[_]>::len), Some(30));
        assert!(some.first(31).is_none());
        assert!(some.counted(30).is_none());
        assert!(some.counted(29).is_some_and(|counted| !counted.exact));
        let all = Glance { is_all: true, ..some };
        assert_eq!(all.first(31).map(<[_]>::len), Some(30));
        assert!(all.counted(30).is_some_and(|counted| counted.exact));
    }
}

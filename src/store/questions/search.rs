//! How requests are looked for by words: by the index of words, or by reading them in the order of the list.
//!
//! The index gathers every request that holds a word before it looks at the next one, and 1,000,000 of them take most of
//! a second. So words that are known to be in many requests are compared with what the rare ones found; where no word is
//! rare, a list is read in its own order until it is full, which it soon is. Of most words nobody knows: the first
//! requests of the list are looked at before the index is asked, and the index is asked for the last days and months
//! before it is asked for all: documents hold words for when a request was opened ([`Span`]).

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::conditions::Query;
use super::lists::{ListedRow, in_order};
use super::span::Span;
use super::{Question, StoreError};
use crate::domain::filter::{Order, Page, RequestFilter, Sorting};
use crate::domain::search::{SearchText, Wanted};

/// A word in more of all requests is not looked for by the index. Above what the planner thinks of a word it does not
/// know (`share_with_words`).
const OFTEN: f64 = 0.01;
/// Requests looked at before the index is asked: a word in one of twenty fills a page of fifty.
const GLANCE: u16 = 1_000;
/// Requests read in order at most, as far as can be told before: the index takes as long for some 100,000.
const READ: f64 = 20_000.0;

/// What was found out about the words somebody looks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    /// All of them; `words` are those that say something.
    written: Vec<String>,
    words: Vec<Word>,
    /// Whether it is worth while to read in order.
    in_order: bool,
    /// When those were opened that are looked for.
    span: Span,
}

#[derive(Debug, Clone)]
struct Word {
    text: String,
    often: bool,
}

impl Search {
    /// Words by the shares of requests they are in, where `rows` are asked for.
    fn new(written: &[String], shares: &[Option<f64>], rows: u32) -> Self {
        let words = written.iter().zip(shares).filter_map(|(text, share)| {
            share.map(|share| Word {
                text: text.clone(),
                often: share > OFTEN,
            })
        });
        let all: f64 = shares.iter().flatten().product();
        Self {
            written: written.to_vec(),
            words: words.collect(),
            in_order: f64::from(rows) <= READ * all,
            span: Span::All,
        }
    }

    /// What the index is asked for, and what is compared.
    fn split(&self) -> (Vec<&str>, Vec<&str>) {
        let of = |often| {
            let words = self.words.iter().filter(move |word| word.often == often);
            words.map(|word| word.text.as_str()).collect::<Vec<_>>()
        };
        match (of(false), of(true)) {
            (seldom, often) if !seldom.is_empty() || self.in_order => (seldom, often),
            (_, often) => (often, Vec::new()),
        }
    }
}

impl Question {
    /// Finds out how to look for the words of a filter, of which there are to be `rows`.
    pub(super) async fn weigh(&mut self, filter: &RequestFilter, rows: u32) -> Result<(), StoreError> {
        let Some(Wanted::Words(words)) = filter.text.as_ref().map(SearchText::wanted) else {
            return Ok(());
        };
        let shares = sqlx::query_scalar!(
            r#"select share_with_words($1) as "shares!: Vec<Option<f64>>""#,
            words
        )
        .fetch_one(&mut *self.transaction)
        .await?;
        self.search = Search::new(words, &shares, rows);
        Ok(())
    }

    /// A full page from the first requests of the list, without the index; `None` where it does not get full or need
    /// not be looked for that way.
    pub(super) async fn glance(
        &mut self,
        filter: &RequestFilter,
        page: Page,
    ) -> Result<Option<Vec<ListedRow>>, StoreError> {
        let (Some(Wanted::Words(words)), Sorting::Opened) =
            (filter.text.as_ref().map(SearchText::wanted), page.order.by)
        else {
            return Ok(None);
        };
        if self.search.split().0.is_empty() {
            return Ok(None);
        }
        let first = Page {
            limit: GLANCE,
            ..page
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut query = Query::new("select * from (");
        self.select(&mut query);
        query.push(if self.scope.is_some() {
            ", d.document @@ (select scope_words() && "
        } else {
            ", d.document @@ (select "
        });
        holding(&mut query, &words);
        query.push(") as holds_words");
        let any_text = without_text(filter);
        self.tables(&mut query, &any_text);
        query.push(" where true");
        self.narrow(&mut query, &any_text);
        in_order(&mut query, first);
        let direction = if page.order.descending { "desc" } else { "asc" };
        query.push(format_args!(
            ") as first where holds_words order by opened_at {direction}, id {direction} limit {}",
            page.limit
        ));
        let rows: Vec<ListedRow> = query.build_query_as().fetch_all(&mut *self.transaction).await?;
        Ok(Some(rows).filter(|rows| rows.len() == usize::from(page.limit)))
    }

    /// Among which requests to look for words, one after the other until there are enough: the latest first, where
    /// the index is asked.
    pub(super) async fn spans(
        &mut self,
        filter: &RequestFilter,
        page: Page,
    ) -> Result<Vec<Span>, StoreError> {
        let words = matches!(
            filter.text.as_ref().map(SearchText::wanted),
            Some(Wanted::Words(_))
        );
        if !words || page.order != Order::NEWEST_FIRST || self.search.split().0.is_empty() {
            return Ok(vec![Span::All]);
        }
        let last = self.begins_at(filter, page).await?;
        Ok(last.map_or(Vec::new(), |last| {
            vec![Span::Days(last), Span::Months(last), Span::All]
        }))
    }

    /// Where words are looked for from now on.
    pub(super) const fn look_in(&mut self, span: Span) {
        self.search.span = span;
    }

    /// When the first request of a page was opened, or what comes before it; `None` of an empty list.
    async fn begins_at(
        &mut self,
        filter: &RequestFilter,
        page: Page,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        if let Some(after) = page.after {
            return Ok(Some(after.at));
        }
        let mut query = Query::new("select c.opened_at");
        let any_text = without_text(filter);
        self.tables(&mut query, &any_text);
        query.push(" where true");
        self.narrow(&mut query, &any_text);
        in_order(&mut query, Page { limit: 1, ..page });
        Ok(query
            .build_query_scalar()
            .fetch_optional(&mut *self.transaction)
            .await?)
    }

    /// Joins the requests that the index finds by words: one after the other, so that whoever needs some of them does
    /// not wait for all.
    pub(super) fn found_by_words(&self, query: &mut Query, words: &[String]) {
        let search = self.search_for(words);
        let (asked, _) = search.split();
        if asked.is_empty() {
            return;
        }
        query.push(if self.scope.is_some() {
            " join (select requests_with_text("
        } else {
            " join (select case_id as id from request_digest where document @@ ("
        });
        holding(query, &asked);
        if let Some(words) = search.span.words() {
            query.push(" && ").push_bind(words).push("::tsquery");
        }
        query.push(if self.scope.is_some() { ") as id" } else { ")" });
        query.push(") as found on found.id = c.id");
    }

    /// Compares those that were joined with the words the index was not asked for.
    pub(super) fn with_words(&self, query: &mut Query, words: &[String]) {
        let search = self.search_for(words);
        let (_, compared) = search.split();
        if !compared.is_empty() {
            query.push(if self.scope.is_some() {
                " and d.document @@ (scope_words() && "
            } else {
                " and d.document @@ ("
            });
            holding(query, &compared);
            query.push(")");
        }
    }

    /// What was found out about these words; where nothing was, the index is asked for each.
    fn search_for(&self, words: &[String]) -> Cow<'_, Search> {
        if self.search.written == words {
            Cow::Borrowed(&self.search)
        } else {
            Cow::Owned(Search::new(words, &vec![Some(0.0); words.len()], 1))
        }
    }
}

fn without_text(filter: &RequestFilter) -> RequestFilter {
    RequestFilter {
        text: None,
        ..filter.clone()
    }
}

/// All these words, or words that begin so. Folded they are letters and digits only: nothing in them is an operator.
fn holding(query: &mut Query, words: &[&str]) {
    let beginnings: Vec<String> = words.iter().map(|word| format!("{word}:*")).collect();
    query
        .push("to_tsquery('italian', ")
        .push_bind(beginnings.join(" & "))
        .push(")");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(shares: &[f64], rows: u32) -> (Vec<String>, Vec<String>) {
        let words: Vec<String> = shares.iter().map(ToString::to_string).collect();
        let shares: Vec<_> = shares.iter().copied().map(Some).collect();
        let search = Search::new(&words, &shares, rows);
        let (asked, compared) = search.split();
        let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
        (owned(asked), owned(compared))
    }

    fn words(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn rare_words_are_asked_for_and_common_ones_compared() {
        assert_eq!(
            split(&[0.9, 0.005, 0.001], 50),
            (words(&["0.005", "0.001"]), words(&["0.9"]))
        );
        assert_eq!(split(&[0.005], 50), (words(&["0.005"]), words(&[])));
    }

    #[test]
    fn common_words_alone_are_read_in_order_where_that_is_soon_done() {
        assert_eq!(split(&[0.9, 0.5], 50), (words(&[]), words(&["0.9", "0.5"])));
        assert_eq!(split(&[0.04, 0.04], 50), (words(&["0.04", "0.04"]), words(&[])));
    }
}

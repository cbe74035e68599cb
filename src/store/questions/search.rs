//! How requests are looked for by words: the first ones of the list are compared ([`super::glance`]), then the index of
//! words is asked.
//!
//! The index gathers every request that holds a word before it looks at the next one, and 1,000,000 of them take most of
//! a second. So words that are known to be in many requests are compared with what the rare ones found. The index is
//! asked for two months before it is asked for all: documents hold a word for the month a request was opened in
//! ([`Span`]).

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::conditions::Query;
use super::lists::in_order;
use super::span::Span;
use super::{Question, StoreError};
use crate::domain::filter::{Order, Page, RequestFilter};
use crate::domain::search::{SearchText, Wanted};

/// A word in more of all requests is not looked for by the index. Above what the planner thinks of a word it does not
/// know (`share_with_words`).
const OFTEN: f64 = 0.01;

/// What was found out about the words somebody looks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    /// All of them; `words` are those that say something.
    written: Vec<String>,
    words: Vec<Word>,
    /// When those were opened that are looked for; at any time where it is `None`.
    span: Option<Span>,
}

#[derive(Debug, Clone)]
struct Word {
    text: String,
    often: bool,
}

impl Search {
    /// Words by the shares of requests they are in.
    fn new(written: &[String], shares: &[Option<f64>]) -> Self {
        let words = written.iter().zip(shares).filter_map(|(text, share)| {
            share.map(|share| Word {
                text: text.clone(),
                often: share > OFTEN,
            })
        });
        Self {
            written: written.to_vec(),
            words: words.collect(),
            span: None,
        }
    }

    /// What the index is asked for, and what is compared.
    fn split(&self) -> (Vec<&str>, Vec<&str>) {
        let of = |often| {
            let words = self.words.iter().filter(move |word| word.often == often);
            words.map(|word| word.text.as_str()).collect::<Vec<_>>()
        };
        match (of(false), of(true)) {
            (seldom, often) if !seldom.is_empty() => (seldom, often),
            (_, often) => (often, Vec::new()),
        }
    }
}

impl Question {
    /// Finds out how to look for the words of a filter.
    pub(super) async fn weigh(&mut self, filter: &RequestFilter) -> Result<(), StoreError> {
        let Some(Wanted::Words(words)) = filter.text.as_ref().map(SearchText::wanted) else {
            return Ok(());
        };
        if self.search.written == *words {
            return Ok(());
        }
        let shares = sqlx::query_scalar!(
            r#"select share_with_words($1) as "shares!: Vec<Option<f64>>""#,
            words
        )
        .fetch_one(&mut *self.transaction)
        .await?;
        self.search = Search::new(words, &shares);
        Ok(())
    }

    /// Whether any of these words is one that documents hold.
    pub(super) fn says_something(&self, words: &[String]) -> bool {
        !self.search_for(words).words.is_empty()
    }

    /// Among which requests the index is asked for words, one after the other until there are enough.
    pub(super) async fn spans(
        &mut self,
        filter: &RequestFilter,
        page: Page,
    ) -> Result<Vec<Option<Span>>, StoreError> {
        let words = match filter.text.as_ref().map(SearchText::wanted) {
            Some(Wanted::Words(words)) => words.as_slice(),
            Some(Wanted::Protocol(_) | Wanted::Request(_)) | None => &[],
        };
        if page.order != Order::NEWEST_FIRST || !self.says_something(words) {
            return Ok(vec![None]);
        }
        let last = self.begins_at(filter, page).await?;
        Ok(last.map_or(Vec::new(), |last| vec![Some(Span::until(last)), None]))
    }

    /// Where words are looked for from now on.
    pub(super) const fn look_in(&mut self, span: Option<Span>) {
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
        if let Some(span) = search.span {
            query.push(" && ").push_bind(span.words()).push("::tsquery");
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
            Cow::Owned(Search::new(words, &vec![Some(0.0); words.len()]))
        }
    }
}

pub(super) fn without_text(filter: &RequestFilter) -> RequestFilter {
    RequestFilter {
        text: None,
        ..filter.clone()
    }
}

/// All these words, or words that begin so. Folded they are letters and digits only: nothing in them is an operator.
pub(super) fn holding(query: &mut Query, words: &[&str]) {
    let beginnings: Vec<String> = words.iter().map(|word| format!("{word}:*")).collect();
    query
        .push("to_tsquery('italian', ")
        .push_bind(beginnings.join(" & "))
        .push(")");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(shares: &[f64]) -> (Vec<String>, Vec<String>) {
        let words: Vec<String> = shares.iter().map(ToString::to_string).collect();
        let shares: Vec<_> = shares.iter().copied().map(Some).collect();
        let search = Search::new(&words, &shares);
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
            split(&[0.9, 0.005, 0.001]),
            (words(&["0.005", "0.001"]), words(&["0.9"]))
        );
        assert_eq!(split(&[0.005]), (words(&["0.005"]), words(&[])));
    }

    #[test]
    fn where_no_word_is_rare_all_are_asked_for() {
        assert_eq!(split(&[0.9, 0.5]), (words(&["0.9", "0.5"]), words(&[])));
    }
}

//! "Risposte ricevute negli ultimi 3 giorni": the requests whose last answer is recent.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Postgres, QueryBuilder};

use super::Question;
use super::lists::{Listed, ListedRow};
use crate::domain::filter::{Page, Position, RequestFilter};
use crate::store::StoreError;

/// A request with its last answer.
#[derive(Debug, Clone)]
pub struct RepliedRequest {
    pub listed: Listed,
    pub replied_at: DateTime<Utc>,
}

impl RepliedRequest {
    /// Where the next page begins.
    pub fn position(&self) -> Position {
        Position {
            at: self.replied_at,
            request: self.listed.request.case.id,
        }
    }
}

/// A page of them, and how many there are.
#[derive(Debug, Clone)]
pub struct Replies {
    pub requests: Vec<RepliedRequest>,
    pub count: u64,
    pub unread: u64,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    listed: ListedRow,
    replied_at: DateTime<Utc>,
}

impl Question {
    /// The requests that fit and were answered since then, the latest answer first.
    pub async fn replies(
        &mut self,
        filter: &RequestFilter,
        since: DateTime<Utc>,
        page: Page,
    ) -> Result<Replies, StoreError> {
        let (count, unread) = self.count_replies(filter, since).await?;
        let mut query = QueryBuilder::new("");
        self.select(&mut query);
        query.push(", r.at as replied_at");
        self.replied(&mut query, filter, since);
        if let Some(after) = page.after {
            query
                .push(" and (r.at, c.id) < (")
                .push_bind(after.at)
                .push(", ")
                .push_bind(after.request.0)
                .push(")");
        }
        query
            .push(" order by r.at desc, c.id desc limit ")
            .push_bind(i64::from(page.limit));
        let rows: Vec<Row> = query.build_query_as().fetch_all(&mut *self.transaction).await?;
        let requests: Result<_, StoreError> = rows
            .into_iter()
            .map(|row| {
                Ok(RepliedRequest {
                    replied_at: row.replied_at,
                    listed: row.listed.try_into()?,
                })
            })
            .collect();
        Ok(Replies {
            requests: requests?,
            count,
            unread,
        })
    }

    async fn count_replies(
        &mut self,
        filter: &RequestFilter,
        since: DateTime<Utc>,
    ) -> Result<(u64, u64), StoreError> {
        let unread = self.unread();
        let mut query = QueryBuilder::new(format!("select count(*), count(*) filter (where {unread})"));
        self.replied(&mut query, filter, since);
        let (count, unread): (i64, i64) = query.build_query_as().fetch_one(&mut *self.transaction).await?;
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok((number(count), number(unread)))
    }

    /// Requests joined with their last answer. The office's columns stand in both tables, so that the index of
    /// replies is used for them.
    fn replied(&self, query: &mut QueryBuilder<Postgres>, filter: &RequestFilter, since: DateTime<Utc>) {
        self.tables(query, filter);
        query
            .push(" join (select case_id, max(at) as at from reply where at >= ")
            .push_bind(since);
        for (column, value) in [
            ("patronato", filter.patronato.as_ref().map(ToString::to_string)),
            ("office", filter.office.as_ref().map(ToString::to_string)),
            ("sender", filter.sender.as_ref().map(ToString::to_string)),
        ] {
            if let Some(value) = value {
                query.push(format_args!(" and {column} = ")).push_bind(value);
            }
        }
        query.push(" group by case_id) as r on r.case_id = c.id where true");
        self.narrow(query, filter);
    }
}

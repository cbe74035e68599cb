//! What administrators ask about one request: its history, and the way each of its messages went.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::rows::{CaseRow, HistoryRow};
use super::{Store, StoreError};
use crate::domain::case::{StateName, WorkflowRef};
use crate::domain::ids::RequestId;
use crate::domain::request::{HistoryEntry, Request};
use crate::workflow::graph::{Count, Counts};

/// One message or mail of a request, and how far it got.
#[derive(Debug, Clone)]
pub struct Sending {
    pub kind: String,
    pub destination: String,
    pub case_seq: Option<i32>,
    pub message_id: Uuid,
    pub created_at: DateTime<Utc>,
    /// When the broker confirmed it.
    pub sent_at: Option<DateTime<Utc>>,
    pub attempts: i32,
    pub last_error: Option<String>,
}

impl Store {
    pub async fn request(&self, id: RequestId) -> Result<Option<Request>, StoreError> {
        sqlx::query_as!(CaseRow, "select * from cases where id = $1", id.0)
            .fetch_optional(&self.pool)
            .await?
            .map(Request::try_from)
            .transpose()
    }

    /// Up to `limit` requests whose id lies in this range, both ends in it: those that begin alike.
    pub async fn request_ids_between(
        &self,
        first: RequestId,
        last: RequestId,
        limit: i64,
    ) -> Result<Vec<RequestId>, StoreError> {
        let ids = sqlx::query_scalar!(
            "select id from cases where id between $1 and $2 order by id limit $3",
            first.0,
            last.0,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().map(RequestId).collect())
    }

    /// How many requests wait at the desk for what no rule could route, up to 10,000: it is asked every few seconds.
    pub async fn waiting_unrouted(&self) -> Result<i64, StoreError> {
        // The desk's name stands here so that the index of these alone is used (`SedeCode::unrouted_desk`).
        let waiting = sqlx::query_scalar!(
            r#"select count(*) as "waiting!" from (
                   select from cases where sede = 'da-smistare' and awaiting_since is not null limit 10000
               ) as first"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(waiting)
    }

    /// Every event of a request, oldest first.
    pub async fn history(&self, id: RequestId) -> Result<Vec<HistoryEntry>, StoreError> {
        let rows = sqlx::query_as!(
            HistoryRow,
            "select * from case_event where case_id = $1 order by seq",
            id.0
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(HistoryEntry::try_from).collect()
    }

    /// When the commands behind a request's events were written down, by number of the event.
    ///
    /// On the machine's clock, as messages and mails are: the `at` of an event is engine time, which a development
    /// system moves. Missing for timers, and for commands the inbox has forgotten.
    pub async fn recorded_at(&self, id: RequestId) -> Result<BTreeMap<u32, DateTime<Utc>>, StoreError> {
        let rows = sqlx::query!(
            r#"
            select e.seq, i.received_at
            from case_event as e
            join inbox as i on i.source = e.source and i.message_id = e.caused_by
            where e.case_id = $1
            "#,
            id.0
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let seq = u32::try_from(row.seq);
                let seq = seq.map_err(|_| StoreError::corrupt("case_event", "seq", id))?;
                Ok((seq, row.received_at))
            })
            .collect()
    }

    /// Every message of a request, sent or waiting, in the order they were queued.
    pub async fn sendings(&self, id: RequestId) -> Result<Vec<Sending>, StoreError> {
        let rows = sqlx::query_as!(
            Sending,
            r#"
            select kind as "kind!", destination as "destination!", case_seq, message_id as "message_id!",
                   created_at as "created_at!", sent_at, attempts as "attempts!", last_error
            from (
                select id, kind, destination, case_seq, message_id, created_at, sent_at, 0 as attempts,
                       null::text as last_error
                from outbox_sent where case_id = $1
                union all
                select id, kind, destination, case_seq, message_id, created_at, null, attempts, last_error
                from outbox where case_id = $1
            ) as sending
            order by id
            "#,
            id.0
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// The requests of one version per state, with how many of them are overdue: for graphs with live counts.
    pub async fn state_counts(&self, workflow: &WorkflowRef) -> Result<Counts, StoreError> {
        let rows = sqlx::query!(
            r#"
            select state, count(*) as "total!", count(*) filter (where overdue) as "overdue!"
            from cases where workflow = $1 and workflow_version = $2 group by state
            "#,
            workflow.name.as_str(),
            super::intake::to_i32(workflow.version)
        )
        .fetch_all(&self.pool)
        .await?;
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        let counted = rows.into_iter().map(|row| {
            let state =
                StateName::parse(&row.state).map_err(|_| StoreError::corrupt("cases", "state", workflow))?;
            let (total, overdue) = (number(row.total), number(row.overdue));
            Ok((state, Count { total, overdue }))
        });
        counted.collect()
    }
}

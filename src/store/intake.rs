//! The one transaction of a batch: seen before? -> lock -> (decide in memory) -> write -> commit.
//!
//! Every write is one set-based statement over UNNEST: one row at a time measured 5 to 10 times slower. Arrays are
//! taken apart side by side in the select list, in their order; in `from` every row would be formed once more (an
//! eighth of an insert).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use chrono::Datelike as _;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::answer::Answer;
use super::dead_letters::NewDeadLetter;
use super::json::JsonText;
use super::mails::NewMail;
use super::questions::Vocabulary;
use super::rows::{CaseColumns, CaseRow, HistoryRow};
use super::{Store, StoreError};
use crate::domain::audit::AuditEntry;
use crate::domain::command::BodyHash;
use crate::domain::event::words;
use crate::domain::ids::{MessageId, RequestId, SedeCode, Source};
use crate::domain::protocol::ProtocolOffice;
use crate::domain::request::{HistoryEntry, Request};

words!(
    /// How a command ended.
    Outcome {
        Done = "done",
        Refused = "refused",
    }
);

/// A command remembered from an earlier delivery.
#[derive(Debug, Clone)]
pub struct SeenMessage {
    pub body_hash: BodyHash,
    pub request: Option<RequestId>,
    pub outcome: Outcome,
    pub answer: Option<Answer>,
}

/// A command to remember.
#[derive(Debug, Clone)]
pub struct InboxRow {
    pub source: Source,
    pub message_id: MessageId,
    pub body_hash: BodyHash,
    pub request: Option<RequestId>,
    pub outcome: Outcome,
    pub answer: Option<Answer>,
}

/// A message to publish once the transaction has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOutboxRow {
    pub bucket: u16,
    pub exchange: String,
    pub routing_key: String,
    /// The queue in mind: what backs off when it refuses.
    pub destination: String,
    pub request: Option<RequestId>,
    pub case_seq: Option<u32>,
    pub message_id: Uuid,
    pub kind: &'static str,
    pub causation_id: Option<String>,
    pub trace_parent: Option<String>,
    pub body: Bytes,
}

/// An open intake transaction. Dropping it rolls everything back.
pub struct IntakeTransaction {
    pub(super) transaction: Transaction<'static, Postgres>,
    pub(super) vocabulary: Arc<Vocabulary>,
}

/// Begins in one round trip. Uniqueness of the inbox holds per month; this makes it hold across the turn of a month.
///
/// Every batch holds its month's lock shared. In the first minutes of a month a batch also waits until no batch of
/// the month before is left, so that it sees all that one wrote.
const BEGIN: &str = "
    begin;
    select pg_advisory_xact_lock_shared(7001, month.number),
           case when month.young then pg_advisory_xact_lock(7001, month.number - 1) end
    from (select (extract(year from now()) * 12 + extract(month from now()))::integer as number,
                 now() < date_trunc('month', now()) + interval '10 minutes' as young) as month";

impl Store {
    /// Opens the transaction of a batch.
    pub async fn begin_intake(&self) -> Result<IntakeTransaction, StoreError> {
        let transaction = self.pool.begin_with(BEGIN).await?;
        Ok(IntakeTransaction {
            transaction,
            vocabulary: Arc::clone(&self.vocabulary),
        })
    }
}

impl IntakeTransaction {
    /// Which of these commands were understood before.
    pub async fn seen(
        &mut self,
        keys: &[(&Source, &MessageId)],
    ) -> Result<HashMap<(Source, MessageId), SeenMessage>, StoreError> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let sources: Vec<String> = keys.iter().map(|(source, _)| source.to_string()).collect();
        let messages: Vec<String> = keys.iter().map(|(_, message)| message.to_string()).collect();
        super::inbox::seen(&mut *self.transaction, &sources, &messages).await
    }

    /// Locks the given requests, in the order of their ids: batches that meet wait instead of deadlocking. Its own
    /// statement, since a locking CTE does not order a later update (0.8 % deadlocks measured).
    pub async fn lock(&mut self, ids: &[RequestId]) -> Result<HashMap<RequestId, Request>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = sqlx::query_as!(
            CaseRow,
            "select * from cases where id = any($1) order by id for update",
            &ids
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        rows.into_iter()
            .map(Request::try_from)
            .map(|r| r.map(|r| (r.case.id, r)))
            .collect()
    }

    /// Locks up to `limit` requests whose timer is due on `today`, oldest first, leaving out those in other hands.
    pub async fn lock_due(
        &mut self,
        today: chrono::NaiveDate,
        limit: i64,
    ) -> Result<Vec<Request>, StoreError> {
        let rows = sqlx::query_as!(
            CaseRow,
            "select * from cases where due_on <= $1 order by due_on limit $2 for update skip locked",
            today,
            limit
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        rows.into_iter().map(Request::try_from).collect()
    }

    /// The whole history of these requests, oldest event of each first.
    pub async fn histories(&mut self, ids: &[RequestId]) -> Result<Vec<HistoryEntry>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = sqlx::query_as!(
            HistoryRow,
            "select * from case_event where case_id = any($1) order by case_id, seq",
            &ids
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        rows.into_iter().map(HistoryEntry::try_from).collect()
    }

    /// Draws `count` numbers per office and year from the gapless register and answers the first of each.
    ///
    /// Called as late as the transaction allows: the rows stay locked until it ends. A rollback gives the numbers
    /// back, so the register has no gaps.
    pub async fn draw_protocol_numbers(
        &mut self,
        counts: &BTreeMap<(ProtocolOffice, i32), i32>,
    ) -> Result<BTreeMap<(ProtocolOffice, i32), i32>, StoreError> {
        if counts.is_empty() {
            return Ok(BTreeMap::new());
        }
        let offices: Vec<String> = counts.keys().map(|(office, _)| office.to_string()).collect();
        let years: Vec<i32> = counts.keys().map(|(_, year)| *year).collect();
        let drawn: Vec<i32> = counts.values().copied().collect();
        let rows = sqlx::query!(
            r#"
            insert into protocol_register as r (office, year, last)
            select office, year, drawn
            from unnest($1::text[], $2::int[], $3::int[]) as wanted (office, year, drawn)
            order by office, year
            on conflict (office, year) do update set last = r.last + excluded.last
            returning office, year, last
            "#,
            &offices,
            &years,
            &drawn
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        let mut first = BTreeMap::new();
        for row in rows {
            let office = ProtocolOffice::parse(&row.office)
                .map_err(|_| StoreError::corrupt("protocol_register", "office", &row.office))?;
            let key = (office, i32::from(row.year));
            let count = counts.get(&key).copied().unwrap_or(0);
            first.insert(key, row.last - count + 1);
        }
        Ok(first)
    }

    /// Writes requests that did not exist before.
    pub async fn insert_requests(&mut self, requests: &[&Request]) -> Result<(), StoreError> {
        if requests.is_empty() {
            return Ok(());
        }
        CaseColumns::of(requests).insert(&mut self.transaction).await
    }

    /// Writes back what rules may change of requests locked before.
    pub async fn update_requests(&mut self, requests: &[&Request]) -> Result<(), StoreError> {
        if requests.is_empty() {
            return Ok(());
        }
        CaseColumns::of(requests).update(&mut self.transaction).await
    }

    pub async fn append_history(&mut self, entries: &[HistoryEntry]) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            r#"
            insert into case_event (case_id, seq, kind, actor, event, details, source, caused_by, at)
            select unnest($1::uuid[]), unnest($2::int[]), unnest($3::text[]), unnest($4::json[]),
                   unnest($5::json[]), unnest($6::json[]), unnest($7::text[]), unnest($8::text[]),
                   unnest($9::timestamptz[])
            "#,
            &entries.iter().map(|e| e.request.0).collect::<Vec<_>>(),
            &entries.iter().map(|e| to_i32(e.seq)).collect::<Vec<_>>(),
            &entries.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>() as _,
            &entries.iter().map(|e| JsonText(&e.actor)).collect::<Vec<_>>() as _,
            &entries.iter().map(|e| JsonText(&e.event)).collect::<Vec<_>>() as _,
            &entries.iter().map(|e| JsonText(&e.details)).collect::<Vec<_>>() as _,
            &entries.iter().map(|e| e.source.to_string()).collect::<Vec<_>>(),
            &entries
                .iter()
                .map(|e| e.caused_by.as_ref().map(MessageId::as_str))
                .collect::<Vec<_>>() as _,
            &entries.iter().map(|e| e.at).collect::<Vec<_>>()
        )
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Remembers commands. Two nodes that met at the same one: the later is told `Conflict` and starts over.
    pub async fn remember(&mut self, rows: &[InboxRow]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            r#"
            insert into inbox (month, source, message_id, body_sha256, case_id, outcome, answer)
            select date_trunc('month', now())::date, unnest($1::text[]), unnest($2::text[]), unnest($3::bytea[]),
                   unnest($4::uuid[]), unnest($5::text[]), unnest($6::json[])
            "#,
            &rows.iter().map(|r| r.source.to_string()).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.message_id.as_str()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.body_hash.0.as_slice()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.request.map(|id| id.0)).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.outcome.as_str()).collect::<Vec<_>>() as _,
            &rows
                .iter()
                .map(|r| r.answer.as_ref().map(JsonText))
                .collect::<Vec<_>>() as _
        )
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Queues messages and answers their ids in the order given.
    pub async fn queue_messages(&mut self, rows: &[NewOutboxRow]) -> Result<Vec<i64>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids = sqlx::query_scalar!(
            r#"
            insert into outbox (bucket, exchange, routing_key, destination, case_id, case_seq, message_id, kind,
                                causation_id, trace_parent, body)
            select unnest($1::smallint[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
                   unnest($5::uuid[]), unnest($6::int[]), unnest($7::uuid[]), unnest($8::text[]),
                   unnest($9::text[]), unnest($10::text[]), unnest($11::bytea[])
            returning id
            "#,
            &rows.iter().map(|r| to_i16(r.bucket)).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.exchange.as_str()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.routing_key.as_str()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.destination.as_str()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.request.map(|id| id.0)).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.case_seq.map(to_i32)).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.message_id).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.kind).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.causation_id.as_deref()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.trace_parent.as_deref()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.body.as_ref()).collect::<Vec<_>>() as _
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        Ok(ids)
    }

    /// Queues mails; one already queued for the same event and recipient stays the only one.
    pub async fn queue_mails(&mut self, mails: &[NewMail]) -> Result<(), StoreError> {
        super::mails::queue(&mut self.transaction, mails).await
    }

    /// Writes down who did what.
    pub async fn audit(&mut self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        super::audit::insert(&mut self.transaction, entries).await
    }

    pub async fn bury(&mut self, letters: &[NewDeadLetter]) -> Result<(), StoreError> {
        super::dead_letters::insert(&mut self.transaction, letters).await
    }

    /// Tells relays of other nodes that buckets they may hold have something to publish.
    pub async fn announce(&mut self, change: &super::Change) -> Result<(), StoreError> {
        let (channel, payload) = change.write();
        sqlx::query!("select pg_notify($1, $2)", channel, payload)
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// An error here is ambiguous: the work may be done. Start over; the inbox decides.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await.map_err(StoreError::from)
    }
}

pub(super) fn to_i32(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(super) fn to_i16(number: u16) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

/// The `case-seq` counters as the table keeps them.
pub(super) fn sede_seq_json(counters: &BTreeMap<SedeCode, u32>) -> serde_json::Value {
    counters
        .iter()
        .map(|(sede, seq)| (sede.to_string(), serde_json::Value::from(*seq)))
        .collect()
}

/// The year a protocol number belongs to: its own date's.
pub(super) fn protocol_year(date: chrono::NaiveDate) -> i16 {
    i16::try_from(date.year()).unwrap_or(i16::MAX)
}

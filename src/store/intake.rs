//! The one transaction of a batch: seen before? -> lock -> (decide in memory) -> write -> commit.
//!
//! Every write is set-based, one array per column: one row at a time measured 5 to 10 times slower. What is only inserted
//! is gathered and leaves in one statement ([`Writes`]).

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
use super::writes::Writes;
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
    /// What has not left yet, and whether messages are among it.
    pub(super) writes: Writes,
    queued: bool,
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
            writes: Writes::default(),
            queued: false,
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

    /// Locks up to `limit` requests whose timer is due on `today`, oldest first, leaving out some and those in other hands.
    pub async fn lock_due(
        &mut self,
        today: chrono::NaiveDate,
        limit: usize,
        but_for: &[RequestId],
    ) -> Result<Vec<Request>, StoreError> {
        let but_for: Vec<Uuid> = but_for.iter().map(|id| id.0).collect();
        let rows = sqlx::query_as!(
            CaseRow,
            "select * from cases where due_on <= $1 and id <> all($3) order by due_on limit $2
             for update skip locked",
            today,
            i64::try_from(limit).unwrap_or(i64::MAX),
            &but_for
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
    pub fn insert_requests(&mut self, requests: &[&Request]) {
        if !requests.is_empty() {
            CaseColumns::of(requests).insert(&mut self.writes);
        }
    }

    /// Writes back what rules may change of requests locked before.
    pub async fn update_requests(&mut self, requests: &[&Request]) -> Result<(), StoreError> {
        if requests.is_empty() {
            return Ok(());
        }
        CaseColumns::of(requests).update(&mut self.transaction).await
    }

    pub fn append_history(&mut self, entries: &[HistoryEntry]) {
        if entries.is_empty() {
            return;
        }
        let history = self.writes.insert("history", "case_event");
        history
            .column("case_id", "uuid", column(entries, |e| e.request.0))
            .column("seq", "int", column(entries, |e| to_i32(e.seq)))
            .column("kind", "text", column(entries, |e| e.kind.as_str()))
            .column("actor", "json", column(entries, |e| JsonText(&e.actor)))
            .column("event", "json", column(entries, |e| JsonText(&e.event)))
            .column("details", "json", column(entries, |e| JsonText(&e.details)))
            .column("source", "text", column(entries, |e| e.source.to_string()))
            .column(
                "caused_by",
                "text",
                column(entries, |e| e.caused_by.as_ref().map(MessageId::as_str)),
            )
            .column("at", "timestamptz", column(entries, |e| e.at))
            .done("");
    }

    /// Remembers commands. Two nodes that met at the same one: the later is told `Conflict` and starts over.
    pub fn remember(&mut self, rows: &[InboxRow]) {
        if rows.is_empty() {
            return;
        }
        let remembered = self.writes.insert("remembered", "inbox");
        remembered
            .computed("month", "date_trunc('month', now())::date")
            .column("source", "text", column(rows, |r| r.source.to_string()))
            .column("message_id", "text", column(rows, |r| r.message_id.as_str()))
            .column("body_sha256", "bytea", column(rows, |r| r.body_hash.0.as_slice()))
            .column("case_id", "uuid", column(rows, |r| r.request.map(|id| id.0)))
            .column("outcome", "text", column(rows, |r| r.outcome.as_str()))
            .column(
                "answer",
                "json",
                column(rows, |r| r.answer.as_ref().map(JsonText)),
            )
            .done("");
    }

    /// Queues messages; their ids are told as they leave.
    pub fn queue_messages(&mut self, rows: &[NewOutboxRow]) {
        if rows.is_empty() {
            return;
        }
        let queued = self.writes.insert("queued", "outbox");
        queued
            .column("bucket", "smallint", column(rows, |r| to_i16(r.bucket)))
            .column("exchange", "text", column(rows, |r| r.exchange.as_str()))
            .column("routing_key", "text", column(rows, |r| r.routing_key.as_str()))
            .column("destination", "text", column(rows, |r| r.destination.as_str()))
            .column("case_id", "uuid", column(rows, |r| r.request.map(|id| id.0)))
            .column("case_seq", "int", column(rows, |r| r.case_seq.map(to_i32)))
            .column("message_id", "uuid", column(rows, |r| r.message_id))
            .column("kind", "text", column(rows, |r| r.kind))
            .column(
                "causation_id",
                "text",
                column(rows, |r| r.causation_id.as_deref()),
            )
            .column(
                "trace_parent",
                "text",
                column(rows, |r| r.trace_parent.as_deref()),
            )
            .column("body", "bytea", column(rows, |r| r.body.as_ref()))
            .done("returning id");
        self.queued = true;
    }

    /// Writes what was gathered, and answers the ids of messages in the order they were queued.
    pub async fn leave(&mut self) -> Result<Vec<i64>, StoreError> {
        let told = self.queued.then_some("queued");
        self.queued = false;
        self.writes.leave(&mut self.transaction, told).await
    }

    /// Queues mails; one already queued for the same event and recipient stays the only one.
    pub async fn queue_mails(&mut self, mails: &[NewMail]) -> Result<(), StoreError> {
        super::mails::queue(&mut self.transaction, mails).await
    }

    /// Writes down who did what.
    pub fn audit(&mut self, entries: &[AuditEntry]) {
        super::audit::insert(&mut self.writes, entries);
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
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.leave().await?;
        self.transaction.commit().await.map_err(StoreError::from)
    }
}

/// One column of many rows.
pub(super) fn column<'r, R, V>(rows: &'r [R], value: impl Fn(&'r R) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
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

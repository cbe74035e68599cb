//! What could not be understood or trusted: kept byte for byte until somebody decides.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, Transaction};

use super::{Store, StoreError};
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::event::words;
use crate::domain::ids::MessageId;

/// A message to keep.
#[derive(Debug, Clone)]
pub struct NewDeadLetter {
    pub reason: DeadLetterReason,
    /// What exactly was wrong; never personal data.
    pub detail: String,
    pub source: Option<String>,
    pub message_id: Option<String>,
    pub routing_key: String,
    pub properties: serde_json::Value,
    pub headers: serde_json::Value,
    pub body: Vec<u8>,
    pub replay_of: Option<i64>,
}

words!(
    /// What became of a dead letter.
    Resolution {
        Replayed = "replayed",
        Discarded = "discarded",
    }
);

/// A kept message.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    pub id: i64,
    pub reason: DeadLetterReason,
    pub detail: String,
    pub source: Option<String>,
    pub message_id: Option<String>,
    pub routing_key: String,
    pub properties: serde_json::Value,
    pub headers: serde_json::Value,
    pub body: Vec<u8>,
    pub received_at: DateTime<Utc>,
    pub replay_of: Option<i64>,
    pub resolution: Option<Resolution>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub resolved_by: Option<String>,
    pub resolved_why: Option<String>,
    pub replayed_as: Option<String>,
}

/// Which dead letters to list.
#[derive(Debug, Clone, Default)]
pub struct DeadLetterFilter {
    pub reason: Option<DeadLetterReason>,
    /// Also those already replayed or discarded.
    pub resolved: bool,
    /// Only those after this id (keyset paging).
    pub after: i64,
    pub limit: i64,
}

pub(super) async fn insert(
    transaction: &mut Transaction<'static, Postgres>,
    letters: &[NewDeadLetter],
) -> Result<(), StoreError> {
    if letters.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        insert into dead_letter (reason, detail, source, message_id, routing_key, properties, headers, body,
                                 replay_of)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[],
                             $7::jsonb[], $8::bytea[], $9::bigint[])
        "#,
        &letters
            .iter()
            .map(|l| l.reason.as_str().to_owned())
            .collect::<Vec<_>>(),
        &letters.iter().map(|l| writable(&l.detail)).collect::<Vec<_>>(),
        &letters
            .iter()
            .map(|l| l.source.as_deref().map(writable))
            .collect::<Vec<_>>() as _,
        &letters
            .iter()
            .map(|l| l.message_id.as_deref().map(writable))
            .collect::<Vec<_>>() as _,
        &letters
            .iter()
            .map(|l| writable(&l.routing_key))
            .collect::<Vec<_>>(),
        &letters
            .iter()
            .map(|l| writable_json(&l.properties))
            .collect::<Vec<_>>(),
        &letters
            .iter()
            .map(|l| writable_json(&l.headers))
            .collect::<Vec<_>>(),
        &letters.iter().map(|l| l.body.clone()).collect::<Vec<_>>(),
        &letters.iter().map(|l| l.replay_of).collect::<Vec<_>>() as _
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// PostgreSQL refuses NUL in text and jsonb; a dead letter may carry one anywhere, and must still be kept.
fn writable(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

fn writable_json(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(writable(text)),
        Value::Array(items) => items.iter().map(writable_json).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(k, v)| (writable(k), writable_json(v)))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

struct Row {
    id: i64,
    reason: String,
    detail: String,
    source: Option<String>,
    message_id: Option<String>,
    routing_key: String,
    properties: serde_json::Value,
    headers: serde_json::Value,
    body: Vec<u8>,
    received_at: DateTime<Utc>,
    replay_of: Option<i64>,
    resolution: Option<String>,
    resolved_at: Option<DateTime<Utc>>,
    resolved_by: Option<String>,
    resolved_why: Option<String>,
    replayed_as: Option<String>,
}

impl TryFrom<Row> for DeadLetter {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("dead_letter", column, row.id);
        let resolution = match row.resolution.as_deref() {
            None => None,
            Some(word) => Some(Resolution::from_word(word).ok_or_else(|| corrupt("resolution"))?),
        };
        Ok(Self {
            id: row.id,
            reason: DeadLetterReason::from_word(&row.reason).ok_or_else(|| corrupt("reason"))?,
            detail: row.detail,
            source: row.source,
            message_id: row.message_id,
            routing_key: row.routing_key,
            properties: row.properties,
            headers: row.headers,
            body: row.body,
            received_at: row.received_at,
            replay_of: row.replay_of,
            resolution,
            resolved_at: row.resolved_at,
            resolved_by: row.resolved_by,
            resolved_why: row.resolved_why,
            replayed_as: row.replayed_as,
        })
    }
}

impl Store {
    pub async fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<DeadLetter>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"
            select * from dead_letter
            where id > $1 and ($2::text is null or reason = $2) and ($3 or resolution is null)
            order by id limit $4
            "#,
            filter.after,
            filter.reason.map(DeadLetterReason::as_str),
            filter.resolved,
            filter.limit
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(DeadLetter::try_from).collect()
    }

    pub async fn dead_letter(&self, id: i64) -> Result<Option<DeadLetter>, StoreError> {
        sqlx::query_as!(Row, "select * from dead_letter where id = $1", id)
            .fetch_optional(&self.pool)
            .await?
            .map(DeadLetter::try_from)
            .transpose()
    }

    /// Open dead letters by reason.
    pub async fn dead_letter_counts(&self) -> Result<Vec<(DeadLetterReason, i64)>, StoreError> {
        let rows = sqlx::query!(
            r#"select reason, count(*) as "count!" from dead_letter where resolution is null group by reason order by reason"#
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let reason = DeadLetterReason::from_word(&row.reason)
                    .ok_or_else(|| StoreError::corrupt("dead_letter", "reason", &row.reason))?;
                Ok((reason, row.count))
            })
            .collect()
    }

    /// Gives an open dead letter up, with a reason; false when it was no longer open.
    pub async fn discard_dead_letter(&self, id: i64, by: &str, why: &str) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            r#"
            update dead_letter
            set resolution = 'discarded', resolved_at = now(), resolved_by = $2, resolved_why = $3
            where id = $1 and resolution is null
            "#,
            id,
            by,
            why
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Marks an open dead letter as replayed under a new message id; false when it was no longer open.
    pub async fn resolve_as_replayed(
        &self,
        id: i64,
        by: &str,
        replayed_as: &MessageId,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            r#"
            update dead_letter
            set resolution = 'replayed', resolved_at = now(), resolved_by = $2, replayed_as = $3
            where id = $1 and resolution is null
            "#,
            id,
            by,
            replayed_as.as_str()
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

//! What could not be understood or trusted: kept byte for byte until somebody decides.

mod decisions;
mod lists;

use chrono::{DateTime, Utc};
use sqlx::{Postgres, Transaction};

use super::StoreError;
use crate::domain::command::CommandKind;
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::event::words;
use crate::domain::ids::Source;

/// The number of a dead letter.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct DeadLetterId(pub i64);

impl std::fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for DeadLetterId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

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
}

words!(
    /// What became of a dead letter.
    Resolution {
        Replayed = "replayed",
        Discarded = "discarded",
    }
);

/// What was decided about a dead letter, by whom.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Resolved {
    pub resolution: Resolution,
    pub at: DateTime<Utc>,
    pub by: String,
    /// Why it was discarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The message id it was replayed under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed_as: Option<String>,
    /// SHA-256 of the edited copy it was replayed with, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_sha256: Option<String>,
}

/// A kept message without its body.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct DeadLetterSummary {
    pub id: DeadLetterId,
    pub reason: DeadLetterReason,
    pub detail: String,
    pub source: Option<String>,
    pub message_id: Option<String>,
    pub routing_key: String,
    pub size: u64,
    pub received_at: DateTime<Utc>,
    /// The dead letter whose replay came to this: it was worked under this one's message id.
    pub replay_of: Option<DeadLetterId>,
    /// `None`: it waits for a decision.
    pub resolved: Option<Resolved>,
}

/// A kept message as it came.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    pub summary: DeadLetterSummary,
    pub properties: serde_json::Value,
    pub headers: serde_json::Value,
    pub body: Vec<u8>,
}

/// Some dead letters, by what is known of them; nothing given: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterMatch {
    pub reason: Option<DeadLetterReason>,
    pub source: Option<Source>,
    /// What it asks for, by the end of its routing key.
    pub command: Option<CommandKind>,
    /// Received then or later.
    pub since: Option<DateTime<Utc>>,
    /// Received before.
    pub until: Option<DateTime<Utc>>,
}

/// Which dead letters to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct DeadLetterFilter {
    pub matching: DeadLetterMatch,
    /// Also those already replayed or discarded.
    pub resolved: bool,
    /// Only older than this one: the last of the page before.
    pub before: Option<DeadLetterId>,
    pub limit: u16,
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
        select l.*, (select max(d.id) from dead_letter as d where d.replayed_as = l.message_id)
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::jsonb[],
                    $8::bytea[])
             as l (reason, detail, source, message_id, routing_key, properties, headers, body)
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
        &letters.iter().map(|l| l.body.clone()).collect::<Vec<_>>()
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

//! What people see of dead letters.

use chrono::{DateTime, Utc};

use super::{
    DeadLetter, DeadLetterFilter, DeadLetterId, DeadLetterMatch, DeadLetterSummary, Resolution, Resolved,
};
use crate::domain::command::CommandKind;
use crate::domain::dead_letter::DeadLetterReason;
use crate::store::{Store, StoreError};

impl Store {
    /// Dead letters as people look for them.
    pub async fn list_dead_letters(
        &self,
        filter: &DeadLetterFilter,
    ) -> Result<Vec<DeadLetterSummary>, StoreError> {
        let mut reading = self.begin_reading().await?;
        let matching = MatchRow::of(&filter.matching);
        let rows = sqlx::query_as!(
            SummaryRow,
            r#"
            select id as "id!", reason as "reason!", detail as "detail!", source, message_id,
                   routing_key as "routing_key!", octet_length(body) as "size!", received_at as "received_at!",
                   replay_of, resolution, resolved_at, resolved_by, resolved_why, replayed_as,
                   encode(sha256(replayed_body), 'hex') as edited_sha256
            from dead_letters_like($1, $2, $3, $4, $5)
            where ($6::bigint is null or id < $6) and ($7 or resolution is null)
            order by id desc
            limit $8
            "#,
            matching.reason,
            matching.source,
            matching.command,
            matching.since,
            matching.until,
            filter.before.map(|id| id.0),
            filter.resolved,
            i64::from(filter.limit)
        )
        .fetch_all(&mut *reading)
        .await?;
        rows.into_iter().map(DeadLetterSummary::try_from).collect()
    }

    /// The open ones, oldest first: the order in which they came. `after`: only newer than this one.
    pub async fn open_dead_letters(
        &self,
        matching: &DeadLetterMatch,
        after: Option<DeadLetterId>,
        limit: u16,
    ) -> Result<Vec<DeadLetterId>, StoreError> {
        let mut reading = self.begin_reading().await?;
        let matching = MatchRow::of(matching);
        let ids = sqlx::query_scalar!(
            r#"
            select id as "id!" from dead_letters_like($1, $2, $3, $4, $5)
            where resolution is null and ($6::bigint is null or id > $6)
            order by id
            limit $7
            "#,
            matching.reason,
            matching.source,
            matching.command,
            matching.since,
            matching.until,
            after.map(|id| id.0),
            i64::from(limit)
        )
        .fetch_all(&mut *reading)
        .await?;
        Ok(ids.into_iter().map(DeadLetterId).collect())
    }

    /// Which of these exist.
    pub async fn existing_dead_letters(&self, ids: &[DeadLetterId]) -> Result<Vec<DeadLetterId>, StoreError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let there = sqlx::query_scalar!("select id from dead_letter where id = any($1)", &ids)
            .fetch_all(&self.pool)
            .await?;
        Ok(there.into_iter().map(DeadLetterId).collect())
    }

    /// How large the bodies of these are, by id; those that do not exist are left out.
    pub async fn dead_letter_sizes(
        &self,
        ids: &[DeadLetterId],
    ) -> Result<Vec<(DeadLetterId, u64)>, StoreError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let rows = sqlx::query!(
            r#"select id, octet_length(body) as "size!" from dead_letter where id = any($1) order by id"#,
            &ids
        )
        .fetch_all(&self.pool)
        .await?;
        let size = |size: i32| u64::try_from(size).unwrap_or(0);
        Ok(rows
            .into_iter()
            .map(|row| (DeadLetterId(row.id), size(row.size)))
            .collect())
    }

    /// These dead letters with all that came, by id; those that do not exist are left out.
    pub async fn dead_letters(&self, ids: &[DeadLetterId]) -> Result<Vec<DeadLetter>, StoreError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let rows = sqlx::query!(
            r#"
            select id, reason, detail, source, message_id, routing_key, octet_length(body) as "size!", received_at,
                   replay_of, resolution, resolved_at, resolved_by, resolved_why, replayed_as,
                   encode(sha256(replayed_body), 'hex') as edited_sha256, properties, headers, body
            from dead_letter where id = any($1) order by id
            "#,
            &ids
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let summary = SummaryRow {
                    id: row.id,
                    reason: row.reason,
                    detail: row.detail,
                    source: row.source,
                    message_id: row.message_id,
                    routing_key: row.routing_key,
                    size: row.size,
                    received_at: row.received_at,
                    replay_of: row.replay_of,
                    resolution: row.resolution,
                    resolved_at: row.resolved_at,
                    resolved_by: row.resolved_by,
                    resolved_why: row.resolved_why,
                    replayed_as: row.replayed_as,
                    edited_sha256: row.edited_sha256,
                };
                Ok(DeadLetter {
                    summary: summary.try_into()?,
                    properties: row.properties,
                    headers: row.headers,
                    body: row.body,
                })
            })
            .collect()
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
}

/// [`DeadLetterMatch`] as arguments.
struct MatchRow {
    reason: Option<&'static str>,
    source: Option<String>,
    command: Option<&'static str>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl MatchRow {
    fn of(matching: &DeadLetterMatch) -> Self {
        Self {
            reason: matching.reason.map(DeadLetterReason::as_str),
            source: matching.source.as_ref().map(ToString::to_string),
            command: matching.command.map(CommandKind::as_str),
            since: matching.since,
            until: matching.until,
        }
    }
}

struct SummaryRow {
    id: i64,
    reason: String,
    detail: String,
    source: Option<String>,
    message_id: Option<String>,
    routing_key: String,
    size: i32,
    received_at: DateTime<Utc>,
    replay_of: Option<i64>,
    resolution: Option<String>,
    resolved_at: Option<DateTime<Utc>>,
    resolved_by: Option<String>,
    resolved_why: Option<String>,
    replayed_as: Option<String>,
    edited_sha256: Option<String>,
}

impl TryFrom<SummaryRow> for DeadLetterSummary {
    type Error = StoreError;

    fn try_from(row: SummaryRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("dead_letter", column, row.id);
        let resolved = match row.resolution.as_deref() {
            None => None,
            Some(word) => Some(Resolved {
                resolution: Resolution::from_word(word).ok_or_else(|| corrupt("resolution"))?,
                at: row.resolved_at.ok_or_else(|| corrupt("resolved_at"))?,
                by: row.resolved_by.ok_or_else(|| corrupt("resolved_by"))?,
                why: row.resolved_why,
                replayed_as: row.replayed_as,
                edited_sha256: row.edited_sha256,
            }),
        };
        Ok(Self {
            id: DeadLetterId(row.id),
            reason: DeadLetterReason::from_word(&row.reason).ok_or_else(|| corrupt("reason"))?,
            detail: row.detail,
            source: row.source,
            message_id: row.message_id,
            routing_key: row.routing_key,
            size: u64::try_from(row.size).map_err(|_| corrupt("body"))?,
            received_at: row.received_at,
            replay_of: row.replay_of.map(DeadLetterId),
            resolved,
        })
    }
}

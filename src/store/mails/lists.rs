//! What people see of the mail outbox, and what they can do about a mail.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{MailCounts, MailFilter, MailId, MailRetry, MailState, MailSummary};
use crate::domain::command::Personal;
use crate::domain::event::MailKind;
use crate::domain::ids::RequestId;
use crate::store::{Store, StoreError};

impl Store {
    /// Mails as people look for them.
    pub async fn list_mails(&self, filter: &MailFilter) -> Result<Vec<MailSummary>, StoreError> {
        let mut reading = self.begin_reading().await?;
        let states: Vec<String> = filter
            .states
            .iter()
            .map(|state| state.as_str().to_owned())
            .collect();
        let rows = sqlx::query_as!(
            SummaryRow,
            r#"
            select id, case_id, kind, recipient, params ->> 'protocol_number' as protocol_number, message_id, state, attempts, next_try_at,
                   deliver_at, digest_on, last_error, created_at, sent_at
            from mail_outbox
            where (cardinality($1::text[]) = 0 or state = any($1))
              and ($2::uuid is null or case_id = $2)
              and ($3::bigint is null or id < $3)
            order by id desc
            limit $4
            "#,
            &states,
            filter.request.map(|request| request.0),
            filter.before.map(|id| id.0),
            i64::from(filter.limit)
        )
        .fetch_all(&mut *reading)
        .await?;
        rows.into_iter().map(MailSummary::try_from).collect()
    }

    /// Queues a mail again that waits, failed or is unknown; its time to give up starts anew.
    pub async fn retry_mail(&self, id: MailId) -> Result<MailRetry, StoreError> {
        let row = sqlx::query!(
            r#"
            with found as (
                select id, state from mail_outbox where id = $1 for update
            ),
            queued as (
                update mail_outbox as m
                set state = 'queued', attempts = 0, next_try_at = now(), queued_at = now()
                from found where m.id = found.id and found.state in ('queued', 'failed', 'unknown')
                returning pg_notify('usciere_mails', '')
            )
            select state, exists (select from queued) as "queued!" from found
            "#,
            id.0
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(match row {
            None => MailRetry::Missing,
            Some(row) if row.queued => MailRetry::Queued,
            Some(row) => MailRetry::NotWaiting(read_state(id.0, &row.state)?),
        })
    }

    /// Queues every mail again that failed or is unknown, at most 10,000 at a time; their time to give up starts anew.
    pub async fn retry_given_up_mails(&self) -> Result<Vec<MailId>, StoreError> {
        let ids = sqlx::query_scalar!(
            r#"
            with given_up as (
                select id from mail_outbox where state in ('failed', 'unknown') order by id limit 10000 for update
            ),
            queued as (
                update mail_outbox as m
                set state = 'queued', attempts = 0, next_try_at = now(), queued_at = now()
                from given_up where m.id = given_up.id
                returning m.id, pg_notify('usciere_mails', '')
            )
            select id from queued order by id
            "#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().map(MailId).collect())
    }

    pub async fn mail_counts(&self) -> Result<MailCounts, StoreError> {
        let row = sqlx::query!(
            r#"
            select count(*) filter (where state = 'queued') as "queued!",
                   count(*) filter (where state = 'sending') as "sending!",
                   count(*) filter (where state = 'failed') as "failed!",
                   count(*) filter (where state = 'unknown') as "unknown!",
                   count(*) filter (where state in ('deferred', 'held')) as "later!",
                   (select count(*) from mail_outbox where sent_at > now() - interval '1 day') as "sent!",
                   extract(epoch from now() - min(queued_at) filter (where next_try_at is not null))::float8
                       as oldest
            from mail_outbox where state not in ('sent', 'told', 'dropped')
            "#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(MailCounts {
            queued: count(row.queued),
            sending: count(row.sending),
            failed: count(row.failed),
            unknown: count(row.unknown),
            later: count(row.later),
            sent_last_day: count(row.sent),
            oldest_waiting: row.oldest.map(|age| Duration::from_secs_f64(age.max(0.0))),
        })
    }

    /// Deletes up to some thousands of mails older than that: those done with, and those that were not sent and that
    /// nobody tries any more. Answers how many.
    pub async fn forget_mails(&self, done: Duration, unsent: Duration) -> Result<u64, StoreError> {
        let gone = sqlx::query!(
            r#"
            delete from mail_outbox where id = any(array(
                select id from mail_outbox where sent_at < now() - make_interval(secs => $1) limit 10000
            )) or id = any(array(
                select id from mail_outbox
                where state in ('told', 'dropped') and created_at < now() - make_interval(secs => $1) limit 10000
            )) or id = any(array(
                select id from mail_outbox
                where state in ('failed', 'unknown') and next_try_at is null
                  and queued_at < now() - make_interval(secs => $2) limit 10000
            ))
            "#,
            done.as_secs_f64(),
            unsent.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(gone.rows_affected())
    }
}

struct SummaryRow {
    id: i64,
    case_id: Option<Uuid>,
    kind: String,
    recipient: String,
    protocol_number: Option<String>,
    message_id: Uuid,
    state: String,
    attempts: i32,
    next_try_at: Option<DateTime<Utc>>,
    deliver_at: Option<DateTime<Utc>>,
    digest_on: Option<NaiveDate>,
    last_error: Option<String>,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
}

impl TryFrom<SummaryRow> for MailSummary {
    type Error = StoreError;

    fn try_from(row: SummaryRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: MailId(row.id),
            request_id: row.case_id.map(RequestId),
            kind: read_kind(row.id, &row.kind)?,
            recipient: Personal(row.recipient),
            protocol_number: row.protocol_number.unwrap_or_default(),
            message_id: row.message_id,
            state: read_state(row.id, &row.state)?,
            attempts: read_attempts(row.id, row.attempts)?,
            next_try_at: row.next_try_at,
            deliver_at: row.deliver_at,
            digest_on: row.digest_on,
            last_error: row.last_error,
            created_at: row.created_at,
            sent_at: row.sent_at,
        })
    }
}

fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or_default()
}

fn read_kind(id: i64, word: &str) -> Result<MailKind, StoreError> {
    MailKind::from_word(word).ok_or_else(|| StoreError::corrupt("mail_outbox", "kind", id))
}

fn read_state(id: i64, word: &str) -> Result<MailState, StoreError> {
    MailState::from_word(word).ok_or_else(|| StoreError::corrupt("mail_outbox", "state", id))
}

fn read_attempts(id: i64, attempts: i32) -> Result<u32, StoreError> {
    u32::try_from(attempts).map_err(|_| StoreError::corrupt("mail_outbox", "attempts", id))
}

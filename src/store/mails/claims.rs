//! Taking mails that are due, and settling them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::preferences::read_preferences;
use super::{ClaimedMail, MailEnd, MailId, MailState, UnknownOutcome};
use crate::domain::command::Personal;
use crate::domain::event::MailKind;
use crate::domain::ids::{NodeName, RequestId};
use crate::domain::mail::{MailContent, MailDetail, MailParams};
use crate::store::{Store, StoreError};

impl Store {
    /// Takes up to `limit` mails that are due, oldest first. A mail whose lease ended without a result is taken
    /// again, or left as unknown where `unknown` says so or its time (`give_up_after`) is over.
    pub async fn claim_mails(
        &self,
        node: &NodeName,
        limit: u16,
        lease: Duration,
        unknown: UnknownOutcome,
        give_up_after: Duration,
    ) -> Result<Vec<ClaimedMail>, StoreError> {
        let leave_unknown = unknown == UnknownOutcome::Leave;
        let rows = self
            .claim_rows(node, i64::from(limit), lease, leave_unknown, give_up_after)
            .await?;
        let (read, broken): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .map(ClaimedMail::try_from)
            .partition(Result::is_ok);
        self.fail_unreadable(node, broken.into_iter().filter_map(Result::err))
            .await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Frees the mails this node has in hand and nobody works on: an earlier process of this name died over them (names
    /// are their nodes' alone), or it dropped them as it stopped. Answers how many.
    pub async fn free_mails(&self, node: &NodeName) -> Result<u64, StoreError> {
        let freed = sqlx::query!(
            "update mail_outbox set next_try_at = now() where state = 'sending' and node = $1",
            node.as_str()
        )
        .execute(&self.pool)
        .await?;
        Ok(freed.rows_affected())
    }

    async fn claim_rows(
        &self,
        node: &NodeName,
        limit: i64,
        lease: Duration,
        leave_unknown: bool,
        give_up_after: Duration,
    ) -> Result<Vec<ClaimedRow>, StoreError> {
        // Only kinds this binary knows: a newer one of the same cluster may queue others.
        let kinds: Vec<String> = MailKind::ALL
            .iter()
            .map(|kind| kind.as_str().to_owned())
            .collect();
        let rows = sqlx::query_as!(
            ClaimedRow,
            r#"
            with due as (
                select id, state = 'sending' and ($4 or queued_at + make_interval(secs => $5) <= now()) as lost
                from mail_outbox
                where next_try_at <= now() and kind = any($6)
                order by next_try_at, id
                limit $2
                for update skip locked
            ),
            left_unknown as (
                update mail_outbox as m
                set state = 'unknown', node = null, next_try_at = null,
                    last_error = 'the node that sent it did not live to see the answer'
                from due where m.id = due.id and due.lost
            )
            update mail_outbox as m
            set state = 'sending', node = $1, taken_at = now(), attempts = m.attempts + 1,
                next_try_at = now() + make_interval(secs => $3)
            from due where m.id = due.id and not due.lost
            returning m.id, m.case_id, m.kind, m.recipient, m.params, m.unsubscribe, m.message_id, m.attempts,
                      m.next_try_at as "leased_until!",
                      (select preferences from mail_preference as p
                       where p.patronato = m.patronato and p.operator_id = m.operator_id) as preferences,
                      -- the date that is called off, as it was told last
                      case when m.kind = 'appointment_cancelled' then (
                          select coalesce(e.details ->> 'at', e.details ->> 'slot')
                          from case_event as e
                          where e.case_id = m.case_id and e.kind in ('booked', 'appointment_confirmed')
                            and e.seq < (m.params -> 'detail' ->> 'sequence')::integer
                          order by e.seq desc
                          limit 1
                      ) end as cancelled_at
            "#,
            node.as_str(),
            limit,
            lease.as_secs_f64(),
            leave_unknown,
            give_up_after.as_secs_f64(),
            &kinds
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// A row that breaks our own rules must not come back for ever, nor keep its neighbours from being sent.
    async fn fail_unreadable(
        &self,
        node: &NodeName,
        broken: impl Iterator<Item = UnreadableMail>,
    ) -> Result<(), StoreError> {
        let (ids, errors): (Vec<i64>, Vec<String>) = broken
            .map(|mail| (mail.id.0, format!("the row cannot be read: {}", mail.column)))
            .unzip();
        if ids.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            r#"
            update mail_outbox as m
            set state = 'failed', node = null, next_try_at = null, last_error = broken.error
            from unnest($1::bigint[], $2::text[]) as broken (id, error)
            where m.id = broken.id and m.state = 'sending' and m.node = $3
            "#,
            &ids,
            &errors,
            node.as_str()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Settles a mail after a try. `false`: the lease was lost meanwhile, and whoever has it now decides.
    /// A mail that would have to wait beyond `give_up_after` is given up and stays visible.
    pub async fn mail_finished(
        &self,
        mail: &ClaimedMail,
        end: &MailEnd,
        unknown: UnknownOutcome,
        give_up_after: Duration,
    ) -> Result<bool, StoreError> {
        let end = EndRow::of(end, unknown);
        let done = sqlx::query!(
            r#"
            update mail_outbox
            set state = case when $4 = 'queued' and not waits then 'failed' else $4 end,
                next_try_at = case when waits then now() + make_interval(secs => $5) end,
                attempts = attempts - $7,
                node = null,
                last_error = $6,
                sent_at = case when $4 = 'sent' then now() end
            from (
                select id as claimed,
                       $5::float8 is not null
                       and queued_at + make_interval(secs => $8) > now() + make_interval(secs => $5) as waits
                from mail_outbox where id = $1
            ) as claim
            where id = claimed and state = 'sending' and node is not null
              and next_try_at = $2 and attempts = $3
            "#,
            mail.id.0,
            mail.leased_until,
            i32::try_from(mail.attempt).unwrap_or(i32::MAX),
            end.state.as_str(),
            end.after.map(|after| after.as_secs_f64()),
            end.error,
            end.uncounted,
            give_up_after.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

/// [`MailEnd`] as columns.
struct EndRow<'end> {
    state: MailState,
    after: Option<Duration>,
    error: Option<&'end str>,
    /// Tries to take back from the count.
    uncounted: i32,
}

impl<'end> EndRow<'end> {
    fn of(end: &'end MailEnd, unknown: UnknownOutcome) -> Self {
        let (state, after, error, uncounted) = match end {
            MailEnd::Sent => (MailState::Sent, None, None, 0),
            MailEnd::Retry { after, error } => (MailState::Queued, Some(*after), Some(error.as_str()), 0),
            MailEnd::Untried { after, error } => (MailState::Queued, Some(*after), Some(error.as_str()), 1),
            MailEnd::Failed { error } => (MailState::Failed, None, Some(error.as_str()), 0),
            MailEnd::Unknown { after, error } => {
                let after = (unknown == UnknownOutcome::Repeat).then_some(*after);
                (MailState::Unknown, after, Some(error.as_str()), 0)
            }
        };
        Self {
            state,
            after,
            error,
            uncounted,
        }
    }
}

struct ClaimedRow {
    id: i64,
    case_id: Option<Uuid>,
    kind: String,
    recipient: String,
    params: serde_json::Value,
    unsubscribe: Uuid,
    message_id: Uuid,
    attempts: i32,
    leased_until: DateTime<Utc>,
    preferences: Option<serde_json::Value>,
    cancelled_at: Option<String>,
}

/// A row nobody can send.
struct UnreadableMail {
    id: MailId,
    column: &'static str,
}

impl TryFrom<ClaimedRow> for ClaimedMail {
    type Error = UnreadableMail;

    fn try_from(row: ClaimedRow) -> Result<Self, UnreadableMail> {
        let unreadable = |column| UnreadableMail {
            id: MailId(row.id),
            column,
        };
        let kind = MailKind::from_word(&row.kind).ok_or_else(|| unreadable("kind"))?;
        let called_off = row.cancelled_at.as_deref().and_then(|at| at.parse().ok());
        Ok(Self {
            id: MailId(row.id),
            request: row.case_id.map(RequestId),
            kind,
            recipient: Personal(row.recipient),
            content: content(kind, row.params, called_off).map_err(|_| unreadable("params"))?,
            preferences: read_preferences(row.preferences),
            unsubscribe: row.unsubscribe,
            message_id: row.message_id,
            attempt: u32::try_from(row.attempts).map_err(|_| unreadable("attempts"))?,
            leased_until: row.leased_until,
        })
    }
}

fn content(
    kind: MailKind,
    params: serde_json::Value,
    called_off: Option<DateTime<Utc>>,
) -> Result<MailContent, serde_json::Error> {
    if kind == MailKind::Digest {
        return serde_json::from_value(params).map(MailContent::Digest);
    }
    let mut params: MailParams = serde_json::from_value(params)?;
    if let MailDetail::Appointment(appointment) = &mut params.detail {
        appointment.at = appointment.at.or(called_off);
    }
    Ok(MailContent::Event(params))
}

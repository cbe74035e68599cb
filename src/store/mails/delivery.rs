//! Where mails go instead of out at once: deferred, held for a digest, dropped. And back.
//!
//! Quiet hours and days of digests are engine time, so that a moved clock shows what they do; tries and leases stay
//! on the machine's clock. A deferred mail keeps no `next_try_at`, and its time to give up starts when it is released.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::preferences::read_preferences;
use super::{ClaimedMail, MailState};
use crate::domain::event::MailKind;
use crate::domain::ids::{ActorId, PatronatoCode, RequestId, derived_uuid};
use crate::domain::mail::preferences::{MailPreferences, Route};
use crate::domain::mail::{Digest, DigestEntry};
use crate::store::{Store, StoreError};

/// Most events one digest lists; the rest are counted.
const LISTED: usize = 200;

/// Somebody with events held for a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestReader {
    pub patronato: PatronatoCode,
    pub operator: ActorId,
    pub preferences: MailPreferences,
}

impl Store {
    /// Puts mails in this node's hands where their readers want them. Those lost meanwhile stay with who has them.
    pub async fn route_mails(&self, routed: &[(ClaimedMail, Route)]) -> Result<(), StoreError> {
        let mut rows = Routed::default();
        for (mail, route) in routed {
            rows.push(mail, *route);
        }
        sqlx::query!(
            r#"
            update mail_outbox as m
            set state = routed.state, deliver_at = routed.deliver_at, digest_on = routed.digest_on,
                attempts = m.attempts - 1, node = null, next_try_at = null
            from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::timestamptz[], $5::date[])
                as routed (id, leased_until, state, deliver_at, digest_on)
            where m.id = routed.id and m.state = 'sending' and m.next_try_at = routed.leased_until
            "#,
            &rows.ids,
            &rows.leases,
            &rows.states,
            &rows.deliver_at as &[Option<DateTime<Utc>>],
            &rows.digest_on as &[Option<NaiveDate>]
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Queues the mails whose quiet is over by the engine's clock; answers how many.
    pub async fn release_mails(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let released = sqlx::query!(
            r#"
            with due as (
                select id from mail_outbox
                where state = 'deferred' and deliver_at <= $1
                order by deliver_at limit 10000 for update skip locked
            )
            update mail_outbox as m
            set state = 'queued', deliver_at = null, next_try_at = now(), queued_at = now()
            from due where m.id = due.id
            "#,
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(released.rows_affected())
    }

    /// Who has something to read in a digest of this day or an earlier one. A digest of this very day that is
    /// already there is not made again.
    pub async fn digest_readers(&self, day: NaiveDate) -> Result<Vec<DigestReader>, StoreError> {
        let rows = sqlx::query!(
            r#"
            select distinct m.patronato, m.operator_id, p.preferences as "preferences?"
            from mail_outbox m
            left join mail_preference p on p.patronato = m.patronato and p.operator_id = m.operator_id
            where m.state = 'held' and m.digest_on <= $1
            "#,
            day
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(DigestReader {
                    patronato: PatronatoCode::parse(&row.patronato)
                        .map_err(|_| StoreError::corrupt("mail_outbox", "patronato", "held"))?,
                    operator: ActorId::parse(&row.operator_id)
                        .map_err(|_| StoreError::corrupt("mail_outbox", "operator_id", "held"))?,
                    preferences: read_preferences(row.preferences),
                })
            })
            .collect()
    }

    /// Queues a person's digest of a day with everything held for it, in one transaction: whoever comes second, or
    /// again, finds it there. `false`: there was one, or nothing to tell.
    pub async fn queue_digest(&self, reader: &DigestReader, day: NaiveDate) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let rows = sqlx::query_as!(
            HeldRow,
            r#"
            select id, case_id as "case_id!", kind, recipient, params
            from mail_outbox
            where state = 'held' and digest_on <= $1 and patronato = $2 and operator_id = $3
            order by id
            for update
            "#,
            day,
            reader.patronato.as_str(),
            reader.operator.as_str()
        )
        .fetch_all(&mut *transaction)
        .await?;
        // Addresses change; the latest is the one in use.
        let Some(recipient) = rows.last().map(|row| row.recipient.clone()) else {
            return Ok(false);
        };
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let key = digest_key(reader, day);
        let params = serde_json::to_value(digest_of(day, rows)?)
            .expect("a struct of texts, numbers and dates is always JSON");
        let told = sqlx::query!(
            r#"
            with digest as (
                insert into mail_outbox (dedup_key, kind, patronato, operator_id, recipient, params, message_id)
                values ($2, 'digest', $3, $4, $5, $6, $7)
                on conflict (dedup_key) do nothing
                returning id, pg_notify('usciere_mails', '')
            )
            update mail_outbox as m set state = 'told', digest_id = digest.id
            from digest where m.id = any($1)
            "#,
            &ids,
            key,
            reader.patronato.as_str(),
            reader.operator.as_str(),
            recipient,
            params,
            derived_uuid(&["mail", &key])
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(told.rows_affected() > 0)
    }
}

/// One digest per person and day.
fn digest_key(reader: &DigestReader, day: NaiveDate) -> String {
    let person = derived_uuid(&["reader", reader.patronato.as_str(), reader.operator.as_str()]).simple();
    format!("digest:{person}:{day}")
}

fn digest_of(day: NaiveDate, rows: Vec<HeldRow>) -> Result<Digest, StoreError> {
    let more = u32::try_from(rows.len().saturating_sub(LISTED)).unwrap_or(u32::MAX);
    let entries = rows.into_iter().take(LISTED).map(|row| {
        let corrupt = |column| StoreError::corrupt("mail_outbox", column, row.id);
        Ok(DigestEntry {
            kind: MailKind::from_word(&row.kind).ok_or_else(|| corrupt("kind"))?,
            request: RequestId(row.case_id),
            params: serde_json::from_value(row.params).map_err(|_| corrupt("params"))?,
        })
    });
    Ok(Digest {
        day,
        entries: entries.collect::<Result<_, StoreError>>()?,
        more,
    })
}

struct HeldRow {
    id: i64,
    case_id: Uuid,
    kind: String,
    recipient: String,
    params: serde_json::Value,
}

/// [`Route`]s as columns.
#[derive(Default)]
struct Routed {
    ids: Vec<i64>,
    leases: Vec<DateTime<Utc>>,
    states: Vec<String>,
    deliver_at: Vec<Option<DateTime<Utc>>>,
    digest_on: Vec<Option<NaiveDate>>,
}

impl Routed {
    fn push(&mut self, mail: &ClaimedMail, route: Route) {
        let (state, deliver_at, digest_on) = match route {
            Route::Now => return,
            Route::Later(end) => (MailState::Deferred, Some(end), None),
            Route::Digest(day) => (MailState::Held, None, Some(day)),
            Route::Dropped => (MailState::Dropped, None, None),
        };
        self.ids.push(mail.id.0);
        self.leases.push(mail.leased_until);
        self.states.push(state.as_str().to_owned());
        self.deliver_at.push(deliver_at);
        self.digest_on.push(digest_on);
    }
}

//! The mail outbox: queued in the transaction of the event, claimed under a lease, settled by what the server said.
//!
//! Waiting for a server runs on the database's clock, never the engine's: moving time in development must not send a mail early
//! or give one up. The end of the lease is the fence: a node that lost it cannot settle the mail any more.

mod claims;
mod delivery;
mod lists;
mod preferences;

pub use delivery::DigestReader;

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{Store, StoreError};
use crate::domain::command::Personal;
use crate::domain::event::{MailKind, words};
use crate::domain::ids::{RequestId, derived_uuid};
use crate::domain::mail::preferences::MailPreferences;
use crate::domain::mail::{Addressee, MailContent, MailDetail, MailParams};
use crate::domain::refusal::RefusalCode;

words!(
    /// Where a mail stands.
    MailState {
        /// Waiting for its first or next try.
        Queued = "queued",
        /// In the hands of a node, under a lease.
        Sending = "sending",
        /// The server took it.
        Sent = "sent",
        /// Refused for good, or given up.
        Failed = "failed",
        /// The server may or may not have it: the connection broke between the end of the mail and the answer.
        Unknown = "unknown",
        /// Waits for its reader's quiet to end.
        Deferred = "deferred",
        /// Waits for its reader's daily digest.
        Held = "held",
        /// Was told in a digest.
        Told = "told",
        /// Its reader wants none of its kind.
        Dropped = "dropped",
    }
);

/// The number of a mail in the outbox.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct MailId(pub i64);

impl std::fmt::Display for MailId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for MailId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A mail to send once the transaction has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// One mail per event and recipient, however often the event is handled.
    pub dedup_key: String,
    pub request: RequestId,
    pub kind: MailKind,
    pub to: Addressee,
    pub params: MailParams,
}

impl NewMail {
    /// The mail about event number `event_seq` of a request.
    pub fn new(
        request: RequestId,
        event_seq: u32,
        kind: MailKind,
        to: &Addressee,
        params: MailParams,
    ) -> Self {
        let recipient_hash = derived_uuid(&["recipient", &to.address.0.trim().to_lowercase()]).simple();
        let dedup_key = format!("{request}:{event_seq}:{recipient_hash}:{kind}");
        Self {
            dedup_key,
            request,
            kind,
            to: to.clone(),
            params,
        }
    }

    /// The mail about a request that was taken in and refused later. `request` is the id it would have had: derived
    /// from its source and message id, so that one message is refused by mail once.
    pub fn refused(
        request: RequestId,
        to: &Addressee,
        topic_label: String,
        refused_on: NaiveDate,
        code: RefusalCode,
    ) -> Self {
        let params = MailParams {
            protocol_number: None,
            topic_label,
            sede_name: None,
            happened_on: refused_on,
            detail: MailDetail::Refusal { code },
        };
        Self::new(request, 0, MailKind::Refused, to, params)
    }
}

/// A mail in this node's hands until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedMail {
    pub id: MailId,
    /// `None`: a digest.
    pub request: Option<RequestId>,
    pub kind: MailKind,
    pub recipient: Personal,
    pub content: MailContent,
    pub preferences: MailPreferences,
    /// The secret by which a mail program ends all mails to its reader.
    pub unsubscribe: Uuid,
    /// Names the mail over all its tries.
    pub message_id: Uuid,
    /// 1 on the first try.
    pub attempt: u32,
    /// The fence: only who holds the lease with this end may settle the mail.
    pub leased_until: DateTime<Utc>,
}

/// What became of a try. Errors are for people to read and carry no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailEnd {
    Sent,
    /// Not taken this time.
    Retry {
        after: Duration,
        error: String,
    },
    /// Never offered, because no server was there to take it: does not count as a try.
    Untried {
        after: Duration,
        error: String,
    },
    Failed {
        error: String,
    },
    /// Perhaps taken.
    Unknown {
        after: Duration,
        error: String,
    },
}

words!(
    /// What to do with a mail that the server may or may not have taken.
    UnknownOutcome {
        /// Send it again, under the same Message-ID: perhaps twice, never not at all.
        Repeat = "repeat",
        /// Leave it to a person: perhaps not at all, never twice.
        Leave = "leave",
    }
);

/// Which mails to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct MailFilter {
    /// All when empty.
    pub states: Vec<MailState>,
    pub request: Option<RequestId>,
    /// Only older than this one: the last of the page before.
    pub before: Option<MailId>,
    pub limit: u16,
}

/// A mail as people see it in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct MailSummary {
    pub id: MailId,
    /// `None`: a digest.
    pub request_id: Option<RequestId>,
    pub kind: MailKind,
    #[serde(skip)]
    pub recipient: Personal,
    pub protocol_number: String,
    pub message_id: Uuid,
    pub state: MailState,
    pub attempts: u32,
    pub next_try_at: Option<DateTime<Utc>>,
    /// Engine time: when the quiet ends for which it waits.
    pub deliver_at: Option<DateTime<Utc>>,
    /// The day of the digest it waits for or was told in.
    pub digest_on: Option<NaiveDate>,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// What came of asking for another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailRetry {
    Queued,
    /// It is sent, or being sent.
    NotWaiting(MailState),
    Missing,
}

/// How many mails stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailCounts {
    pub queued: u64,
    pub sending: u64,
    pub failed: u64,
    pub unknown: u64,
    /// Not wanted yet: deferred, or held for a digest.
    pub later: u64,
    pub sent_last_day: u64,
    /// The oldest of those still to be sent.
    pub oldest_waiting: Option<Duration>,
}

/// Queues mails in the transaction of their event; one already queued for it and the recipient stays the only one.
pub(super) async fn queue(
    transaction: &mut Transaction<'static, Postgres>,
    mails: &[NewMail],
) -> Result<(), StoreError> {
    if mails.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = mails.iter().map(|mail| mail.dedup_key.clone()).collect();
    let requests: Vec<Uuid> = mails.iter().map(|mail| mail.request.0).collect();
    let kinds: Vec<String> = mails.iter().map(|mail| mail.kind.as_str().to_owned()).collect();
    let recipients: Vec<String> = mails.iter().map(|mail| mail.to.address.0.clone()).collect();
    let patronati: Vec<String> = mails.iter().map(|mail| mail.to.patronato.to_string()).collect();
    let operators: Vec<String> = mails.iter().map(|mail| mail.to.operator.to_string()).collect();
    let params: Vec<serde_json::Value> = mails.iter().map(|mail| params_json(&mail.params)).collect();
    let message_ids: Vec<Uuid> = mails
        .iter()
        .map(|mail| derived_uuid(&["mail", &mail.dedup_key]))
        .collect();
    sqlx::query!(
        r#"
        insert into mail_outbox (dedup_key, case_id, kind, patronato, operator_id, recipient, params, message_id)
        select * from unnest(
            $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::uuid[]
        )
        on conflict (dedup_key) do nothing
        "#,
        &keys,
        &requests,
        &kinds,
        &patronati,
        &operators,
        &recipients,
        &params,
        &message_ids
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn params_json(params: &MailParams) -> serde_json::Value {
    serde_json::to_value(params).expect("a struct of texts and a date is always JSON")
}

impl Store {
    /// Queues mails on their own.
    pub async fn queue_mails(&self, mails: &[NewMail]) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        queue(&mut transaction, mails).await?;
        transaction.commit().await?;
        Ok(())
    }
}

//! What waits in the outbox: for how long, for which destination, and why.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::store::intake::to_i16;
use crate::store::{Store, StoreError};

/// What waits for one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingFor {
    pub destination: String,
    pub unsent: u64,
    /// When the oldest unsent message was queued.
    pub oldest: Option<DateTime<Utc>>,
    pub back_off: Option<BackOff>,
}

/// Why a destination is left alone for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct BackOff {
    pub reason: String,
    pub since: DateTime<Utc>,
    pub next_try_at: DateTime<Utc>,
}

impl Store {
    /// Whether the first of the unsent messages of these buckets has waited for `longer`, leaving out some destinations.
    pub async fn has_waited(
        &self,
        buckets: &[u16],
        but_for: &[String],
        longer: Duration,
    ) -> Result<bool, StoreError> {
        let buckets: Vec<i16> = buckets.iter().map(|b| to_i16(*b)).collect();
        let waited = sqlx::query_scalar!(
            r#"
            select created_at < now() - make_interval(secs => $3) as "waited!"
            from outbox
            where bucket = any($1) and destination <> all ($2)
            order by id
            limit 1
            "#,
            &buckets,
            but_for,
            longer.as_secs_f64()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(waited.unwrap_or(false))
    }

    /// Every destination that something waits for or that backs off, by name.
    pub async fn waiting_messages(&self) -> Result<Vec<WaitingFor>, StoreError> {
        let rows = sqlx::query!(
            r#"
            select coalesce(o.destination, b.destination) as "destination!", coalesce(o.unsent, 0) as "unsent!",
                   o.oldest, b.reason as "reason?", b.since as "since?", b.next_try_at as "next_try_at?"
            from (
                select destination, count(*) as unsent, min(created_at) as oldest from outbox group by destination
            ) as o
            full join destination_backoff as b on b.destination = o.destination
            order by 1
            limit 10000
            "#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| WaitingFor {
                destination: row.destination,
                unsent: u64::try_from(row.unsent).unwrap_or_default(),
                oldest: row.oldest,
                back_off: match (row.reason, row.since, row.next_try_at) {
                    (Some(reason), Some(since), Some(next_try_at)) => Some(BackOff {
                        reason,
                        since,
                        next_try_at,
                    }),
                    _ => None,
                },
            })
            .collect())
    }
}

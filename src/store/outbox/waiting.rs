//! What people see of the outbox: what waits for which destination, and why.

use chrono::{DateTime, Utc};
use serde::Serialize;

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

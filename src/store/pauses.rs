//! Queues people hold, known to every node at once.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Change, Store, StoreError};
use crate::domain::pause::{Pause, Pauses, QueueName};

/// What is held now, and in how long the first of it lets go by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldNow {
    pub pauses: Pauses,
    pub next_end: Option<Duration>,
}

impl Store {
    /// Holds a queue, and tells every node. A second time changes who, until when and why.
    pub async fn pause_queue(
        &self,
        queue: &QueueName,
        by: &str,
        until: Option<DateTime<Utc>>,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        let (channel, payload) = Change::Pauses.write();
        sqlx::query!(
            r#"
            with held as (
                insert into queue_pause as p (queue, paused_by, until, note) values ($1, $2, $3, $4)
                on conflict (queue) do update
                set paused_by = excluded.paused_by, until = excluded.until, note = excluded.note,
                    paused_at = case when p.until <= now() then now() else p.paused_at end
                returning 1
            )
            select pg_notify($5, $6) from held
            "#,
            queue.as_str(),
            by,
            until,
            note,
            channel,
            payload
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(())
    }

    /// Lets a queue go, and tells every node. `false`: nobody held it.
    pub async fn resume_queue(&self, queue: &QueueName) -> Result<bool, StoreError> {
        let (channel, payload) = Change::Pauses.write();
        let let_go = sqlx::query!(
            r#"
            with gone as (delete from queue_pause where queue = $1 returning until is null or until > now() as held)
            select held as "held!", pg_notify($2, $3) from gone
            "#,
            queue.as_str(),
            channel,
            payload
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(let_go.is_some_and(|row| row.held))
    }

    /// Every queue that is held now.
    pub async fn pauses(&self) -> Result<HeldNow, StoreError> {
        let rows = sqlx::query!(
            r#"
            select queue, paused_by, paused_at, until, note, extract(epoch from until - now())::float8 as left
            from queue_pause
            where until is null or until > now()
            order by queue
            limit 10000
            "#
        )
        .fetch_all(&self.pool)
        .await?;
        let next_end = rows
            .iter()
            .filter_map(|row| row.left)
            .min_by(f64::total_cmp)
            .map(|left| Duration::try_from_secs_f64(left.max(0.0)).unwrap_or(Duration::MAX));
        let pauses = rows.into_iter().map(|row| {
            let queue = QueueName::parse(&row.queue)
                .map_err(|_| StoreError::corrupt("queue_pause", "queue", &row.queue))?;
            let pause = Pause {
                by: row.paused_by,
                since: row.paused_at,
                until: row.until,
                note: row.note,
            };
            Ok((queue, pause))
        });
        Ok(HeldNow {
            pauses: pauses.collect::<Result<_, StoreError>>()?,
            next_end,
        })
    }
}

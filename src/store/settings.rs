//! What nodes have to agree on at run time, and the channels by which they wake each other.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Store, StoreError};
use crate::domain::case::WorkflowRef;

/// How long things are kept.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// The window in which a message sent again is recognised.
    pub inbox: Duration,
    pub outbox: Duration,
    /// Dead letters once replayed or discarded; open ones are kept for ever.
    pub dead_letters: Duration,
}

/// Something another node may have to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Buckets that got messages.
    Outbox(Vec<u16>),
    Mails,
    /// Sedi, competence, topics or patronati were imported.
    Registers,
    /// The development clock was moved.
    Clock,
    /// A queue was paused or resumed.
    Pauses,
}

const OUTBOX: &str = "usciere_outbox";
const MAILS: &str = "usciere_mails";
const REGISTERS: &str = "usciere_registers";
const CLOCK: &str = "usciere_clock";
const PAUSES: &str = "usciere_pauses";

impl Change {
    pub(super) const CHANNELS: [&'static str; 5] = [OUTBOX, MAILS, REGISTERS, CLOCK, PAUSES];

    /// The channel and payload it travels by.
    pub(super) fn write(&self) -> (&'static str, String) {
        match self {
            Self::Outbox(buckets) => (
                OUTBOX,
                buckets
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(","),
            ),
            Self::Mails => (MAILS, String::new()),
            Self::Registers => (REGISTERS, String::new()),
            Self::Clock => (CLOCK, String::new()),
            Self::Pauses => (PAUSES, String::new()),
        }
    }

    pub(super) fn read(channel: &str, payload: &str) -> Option<Self> {
        match channel {
            OUTBOX => Some(Self::Outbox(
                payload.split(',').filter_map(|b| b.parse().ok()).collect(),
            )),
            MAILS => Some(Self::Mails),
            REGISTERS => Some(Self::Registers),
            CLOCK => Some(Self::Clock),
            PAUSES => Some(Self::Pauses),
            _ => None,
        }
    }
}

impl Store {
    /// How far the development clock is moved, for every node.
    pub async fn clock_offset(&self) -> Result<Option<TimeDelta>, StoreError> {
        let value = sqlx::query_scalar!("select value from setting where key = 'clock.offset_ms'")
            .fetch_optional(&self.pool)
            .await?;
        Ok(value
            .and_then(|value| value.as_i64())
            .map(TimeDelta::milliseconds))
    }

    /// Moves the development clock of every node.
    pub async fn set_clock_offset(&self, offset: TimeDelta) -> Result<(), StoreError> {
        let (channel, payload) = Change::Clock.write();
        sqlx::query!(
            r#"
            with written as (
                insert into setting (key, value) values ('clock.offset_ms', $1)
                on conflict (key) do update set value = excluded.value, changed_at = now()
                returning 1
            )
            select pg_notify($2, $3) from written
            "#,
            serde_json::Value::from(offset.num_milliseconds()),
            channel,
            payload
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(())
    }

    /// Keeps the key that signs development tokens; answers the one that was kept first.
    pub async fn keep_development_key(&self, candidate: &str) -> Result<String, StoreError> {
        let kept = sqlx::query_scalar!(
            r#"
            insert into setting as s (key, value) values ('dev.signing_key', to_jsonb($1::text))
            on conflict (key) do update set value = s.value
            returning value #>> '{}' as "key!"
            "#,
            candidate
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(kept)
    }

    /// Creates the coming months' partitions.
    pub async fn create_partitions(&self) -> Result<(), StoreError> {
        sqlx::query!(
            r#"
            select ensure_months('inbox', 2), ensure_months('case_event', 2), ensure_months('outbox_sent', 2),
                   ensure_months('audit', 2), ensure_months('audit_chain', 2)
            "#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(())
    }

    /// Drops or deletes what is older than it has to be kept; answers how many rows or partitions went.
    pub async fn forget(&self, kept: &Kept) -> Result<u64, StoreError> {
        let dropped = sqlx::query_scalar!(
            r#"
            select drop_months('inbox', make_interval(secs => $1))
                 + drop_months('outbox_sent', make_interval(secs => $2)) as "dropped!"
            "#,
            kept.inbox.as_secs_f64(),
            kept.outbox.as_secs_f64()
        )
        .fetch_one(&self.pool)
        .await?;
        let deleted = sqlx::query!(
            "delete from dead_letter where resolved_at < now() - make_interval(secs => $1)",
            kept.dead_letters.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        // Of deliveries that never came back: their queue was emptied by hand.
        let notes = sqlx::query!(
            "delete from delivery_attempt where last_at < now() - make_interval(secs => $1)",
            kept.inbox.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        // Killed and never started again under their names, which may have been made up for one life.
        let dead = sqlx::query!("delete from node where seen_at < now() - interval '1 day'")
            .execute(&self.pool)
            .await?;
        let deleted = [deleted, notes, dead].map(|gone| gone.rows_affected());
        Ok(u64::try_from(dropped).unwrap_or(0) + deleted.iter().sum::<u64>())
    }

    /// Pins a workflow version to its text and the hash of it. Answers the hash on record when it is another one.
    pub async fn pin_workflow(
        &self,
        reference: &WorkflowRef,
        sha256: &str,
        definition: &str,
    ) -> Result<Option<String>, StoreError> {
        let pinned = sqlx::query_scalar!(
            r#"
            insert into workflow_version as w (name, version, sha256, definition) values ($1, $2, $3, $4)
            on conflict (name, version) do update
            set definition = case when w.sha256 = excluded.sha256 then excluded.definition else w.definition end
            returning w.sha256
            "#,
            reference.name.as_str(),
            super::intake::to_i32(reference.version),
            sha256,
            definition
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((pinned != sha256).then_some(pinned))
    }

    /// The texts of all versions any node ever ran with, each under its name, such as `richiesta.v2`.
    pub async fn workflow_definitions(&self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = sqlx::query!(
            r#"
            select name || '.v' || version as "reference!", definition as "definition!"
            from workflow_version where definition is not null
            order by name, version
            limit 10000
            "#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.reference, row.definition))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_read_back_what_they_write() {
        for change in [
            Change::Outbox(vec![0, 63]),
            Change::Mails,
            Change::Registers,
            Change::Clock,
            Change::Pauses,
        ] {
            let (channel, payload) = change.write();
            assert_eq!(Change::read(channel, &payload), Some(change));
        }
        assert_eq!(Change::read("elsewhere", ""), None);
    }
}

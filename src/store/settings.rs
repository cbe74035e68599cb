//! What nodes have to agree on at run time, and the channels by which they wake each other.

use chrono::TimeDelta;

use super::{Store, StoreError};

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
}

const OUTBOX: &str = "usciere_outbox";
const MAILS: &str = "usciere_mails";
const REGISTERS: &str = "usciere_registers";
const CLOCK: &str = "usciere_clock";

impl Change {
    pub(super) const CHANNELS: [&'static str; 4] = [OUTBOX, MAILS, REGISTERS, CLOCK];

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

    /// Creates the coming months' partitions.
    pub async fn create_partitions(&self) -> Result<(), StoreError> {
        sqlx::query!(
            r#"select ensure_months('inbox', 2), ensure_months('case_event', 2), ensure_months('outbox_sent', 2)"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(())
    }

    /// Pins a workflow version to its text. Answers the hash on record when it is another one.
    pub async fn pin_workflow(
        &self,
        name: &str,
        version: u32,
        sha256: &str,
        source: &str,
    ) -> Result<Option<String>, StoreError> {
        let version = super::intake::to_i32(version);
        let pinned = sqlx::query_scalar!(
            r#"
            insert into workflow_version as w (name, version, sha256, source) values ($1, $2, $3, $4)
            on conflict (name, version) do update set first_run = w.first_run
            returning w.sha256
            "#,
            name,
            version,
            sha256,
            source
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((pinned != sha256).then_some(pinned))
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
        ] {
            let (channel, payload) = change.write();
            assert_eq!(Change::read(channel, &payload), Some(change));
        }
        assert_eq!(Change::read("elsewhere", ""), None);
    }
}

//! Work on suspect deliveries, noted before anything of them is read: what ends the process leaves its note behind.

use sha2::{Digest, Sha256};

use super::{Store, StoreError};

/// Tells one delivery from another without understanding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub fn of(routing_key: &str, message_id: Option<&str>, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        for part in [routing_key, message_id.unwrap_or_default()] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hash.update(body);
        Self(hash.finalize().into())
    }
}

impl Store {
    /// Notes that work on a delivery begins; answers how often it has begun without an end, this time among them.
    pub async fn begin_attempt(&self, delivery: &Fingerprint) -> Result<u32, StoreError> {
        // The note has to outlive this process, not the database's machine: no need to wait for its disk.
        let attempts = sqlx::query_scalar!(
            r#"
            with hasty as materialized (select set_config('synchronous_commit', 'off', true))
            insert into delivery_attempt as a (fingerprint, attempts)
            select $1, 1 from hasty
            on conflict (fingerprint) do update set attempts = a.attempts + 1, last_at = now()
            returning attempts
            "#,
            &delivery.0[..]
        )
        .fetch_one(&self.pool)
        .await?;
        u32::try_from(attempts).map_err(|_| StoreError::corrupt("delivery_attempt", "attempts", attempts))
    }

    /// Work on it came to an end.
    pub async fn end_attempts(&self, delivery: &Fingerprint) -> Result<(), StoreError> {
        sqlx::query!(
            r#"
            with hasty as materialized (select set_config('synchronous_commit', 'off', true))
            delete from delivery_attempt using hasty where fingerprint = $1
            "#,
            &delivery.0[..]
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts_and_none_runs_into_the_next() {
        let one = Fingerprint::of("portal.a", Some("m-1"), b"body");
        assert_eq!(one, Fingerprint::of("portal.a", Some("m-1"), b"body"));
        for other in [
            Fingerprint::of("portal.am", Some("-1"), b"body"),
            Fingerprint::of("portal.a", Some("m-1b"), b"ody"),
            Fingerprint::of("portal.a", None, b"m-1body"),
        ] {
            assert_ne!(one, other);
        }
    }
}

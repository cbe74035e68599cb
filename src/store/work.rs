//! What the database did so far, for `usciere bench`.

use sqlx::{Connection as _, PgConnection};

use super::{Store, StoreError};

/// Counters that only grow.
#[derive(Debug, Clone, Copy, Default)]
pub struct DatabaseWork {
    transactions: i64,
    wal_bytes: i64,
}

impl DatabaseWork {
    /// What was done after `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            transactions: self.transactions - before.transactions,
            wal_bytes: self.wal_bytes - before.wal_bytes,
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a run does far less than 2^52 of anything"
    )]
    pub fn transactions(self) -> f64 {
        self.transactions as f64
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a run does far less than 2^52 of anything"
    )]
    pub fn wal_bytes(self) -> f64 {
        self.wal_bytes as f64
    }
}

impl Store {
    /// Transactions of this database, and bytes of WAL of the whole server. Counters of connections that are busy lag
    /// by up to a second.
    pub async fn database_work(&self) -> Result<DatabaseWork, StoreError> {
        let work = sqlx::query_as!(
            DatabaseWork,
            r#"select xact_commit as "transactions!",
                      pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as "wal_bytes!"
               from pg_stat_database where datname = current_database()"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(work)
    }

    /// Fills the WAL once, as that of a server that has run for a while: a new one makes and zeroes every segment while
    /// somebody waits for a commit, an older one takes those it has done with. With the login's own rights, which have
    /// to be a superuser's.
    pub async fn fill_wal(&self) -> Result<(), StoreError> {
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        sqlx::query!(
            "select count(pg_logical_emit_message(false, 'usciere', repeat('.', 1024 * 1024)))
             from generate_series(1, 600)"
        )
        .fetch_one(&mut connection)
        .await?;
        sqlx::query!("checkpoint").execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Bytes of this database on disk.
    pub async fn database_size(&self) -> Result<u64, StoreError> {
        let bytes = sqlx::query_scalar!(r#"select pg_database_size(current_database()) as "bytes!""#)
            .fetch_one(&self.pool)
            .await?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }
}

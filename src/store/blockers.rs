//! Who keeps others from a lock.

use super::{Store, StoreError};

/// A session of the database that holds what others wait for, and waits for nothing itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// What `pg_terminate_backend` takes.
    pub pid: i32,
    pub user: String,
    pub application: String,
}

impl Store {
    /// Who holds the locks that sessions of this database wait for now.
    pub async fn blockers(&self) -> Result<Vec<Blocker>, StoreError> {
        let blockers = sqlx::query_as!(
            Blocker,
            r#"
            select distinct holder.pid as "pid!", coalesce(holder.usename, '') as "user!",
                   coalesce(holder.application_name, '') as "application!"
            from pg_stat_activity as waiter
            cross join lateral unnest(pg_blocking_pids(waiter.pid)) as blocking (pid)
            join pg_stat_activity as holder on holder.pid = blocking.pid
            where waiter.datname = current_database()
              and not exists (select from pg_locks as l where l.pid = holder.pid and not l.granted)
            order by 1
            limit 20
            "#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(blockers)
    }
}

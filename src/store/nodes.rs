//! The nodes that give signs of life.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Store, StoreError};

/// A node as those who run usciere see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct NodeRow {
    pub name: String,
    pub roles: Vec<String>,
    pub started_at: DateTime<Utc>,
    /// A node that was killed stays here until somebody starts it again.
    pub seen_at: DateTime<Utc>,
    /// Buckets of the outbox in its hands.
    pub buckets: i64,
}

/// A session that has kept a transaction open for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTransaction {
    pub pid: i32,
    pub application: String,
    pub seconds: i64,
}

/// Longer than any transaction of our own.
const LONG_OPEN: f64 = 1.0;

impl Store {
    /// The sessions of this database that hold transactions open, the oldest first: whoever holds a lock for long is
    /// among them.
    pub async fn open_transactions(&self) -> Result<Vec<OpenTransaction>, StoreError> {
        let sessions = sqlx::query_as!(
            OpenTransaction,
            r#"
            select pid as "pid!", coalesce(application_name, '') as "application!",
                   extract(epoch from now() - xact_start)::bigint as "seconds!"
            from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()
              and xact_start < now() - make_interval(secs => $1)
            order by xact_start
            limit 5
            "#,
            LONG_OPEN
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(sessions)
    }

    /// Every node that publishes and did not sign off.
    pub async fn nodes(&self) -> Result<Vec<NodeRow>, StoreError> {
        let nodes = sqlx::query_as!(
            NodeRow,
            r#"
            select n.name, n.roles, n.started_at, n.seen_at,
                   (select count(*) from relay_lease as l where l.node = n.name and l.until > now()) as "buckets!"
            from node as n
            order by n.name
            limit 1000
            "#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(nodes)
    }
}

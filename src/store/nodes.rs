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

impl Store {
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

//! Nodes: their signs of life, and what is freed when one gives none any more.
//!
//! All of it goes by the database's clock. A node that was only stopped finds its leases gone: by their ends and fences
//! it can settle nothing of what was freed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Store, StoreError};
use crate::domain::ids::NodeName;

/// A node as those who run usciere see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct NodeRow {
    pub name: String,
    pub roles: Vec<String>,
    pub started_at: DateTime<Utc>,
    /// A node that was killed stays here until somebody starts it again, for a day at most.
    pub seen_at: DateTime<Utc>,
    /// Buckets of the outbox in its hands.
    pub buckets: i64,
}

/// What dead nodes had in hand and others may take now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freed {
    pub mails: u64,
    pub parked: u64,
}

impl Store {
    /// Every node that did not sign off.
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

    /// Gives a sign of life.
    pub async fn sign_of_life(&self, node: &NodeName, roles: &[&str]) -> Result<(), StoreError> {
        let roles: Vec<String> = roles.iter().map(|&role| role.to_owned()).collect();
        sqlx::query!(
            r#"
            insert into node (name, roles) values ($1, $2)
            on conflict (name) do update set roles = excluded.roles, seen_at = now()
            "#,
            node.as_str(),
            &roles
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// How many nodes share the buckets: this one, and those with the role `relay` that gave a sign of life within
    /// `lease`. Another counts from its second sign on: those that die as soon as they are up, under ever new names,
    /// take nobody's share.
    pub async fn count_relays(&self, node: &NodeName, lease: Duration) -> Result<u32, StoreError> {
        let relays = sqlx::query_scalar!(
            r#"
            select count(*) + 1 as "relays!" from node
            where 'relay' = any(roles) and seen_at > now() - make_interval(secs => $2)
              and seen_at > started_at and name <> $1
            "#,
            node.as_str(),
            lease.as_secs_f64()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(u32::try_from(relays).unwrap_or(1).max(1))
    }

    /// Forgets a node that stopped in good order, and lets go of its buckets at once.
    pub async fn sign_off(&self, node: &NodeName) -> Result<(), StoreError> {
        sqlx::query!(
            r#"
            with gone as (delete from node where name = $1)
            update relay_lease set until = now() where node = $1
            "#,
            node.as_str()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Frees the mails and parked commands in the hands of nodes that gave no sign of life for a whole `lease`.
    pub async fn free_from_the_dead(&self, lease: Duration) -> Result<Freed, StoreError> {
        let freed = sqlx::query!(
            r#"
            with dead as materialized (
                select name, now() - make_interval(secs => $1) as since from node
                where seen_at <= now() - make_interval(secs => $1)
            ),
            mails as (
                update mail_outbox as m set next_try_at = now()
                from dead
                where m.node = dead.name and m.state = 'sending' and m.taken_at <= dead.since
                  and m.next_try_at > now()
                returning m.id
            ),
            parked as (
                update parked_command as p set node = null, next_try_at = now()
                from dead
                where p.node = dead.name and p.taken_at <= dead.since and p.next_try_at > now()
                returning p.id
            )
            select (select count(*) from mails) as "mails!", (select count(*) from parked) as "parked!"
            "#,
            lease.as_secs_f64()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Freed {
            mails: u64::try_from(freed.mails).unwrap_or(0),
            parked: u64::try_from(freed.parked).unwrap_or(0),
        })
    }
}

//! A node's signs of life, and what others do about a node that gives none: what it had in its hands is freed.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Role;
use crate::domain::ids::NodeName;
use crate::store::{Freed, Store, StoreError, in_time};

pub(super) struct Heart {
    pub(super) store: Store,
    pub(super) node: NodeName,
    pub(super) roles: Vec<Role>,
    /// How long a silent node counts as alive: as long as it keeps its buckets.
    pub(super) lease: Duration,
}

impl Heart {
    /// Beats three times per lease until told to stop, then signs off.
    pub(super) async fn beat(self, stop: CancellationToken) {
        let mut away = false;
        while !stop.is_cancelled() {
            match in_time(self.once()).await {
                Ok(freed) => {
                    away = false;
                    if freed != Freed::default() {
                        tracing::info!(
                            mails = freed.mails,
                            parked = freed.parked,
                            "what nodes that died had in their hands is taken over"
                        );
                    }
                }
                // That the database is away is said elsewhere.
                Err(error) => {
                    if !std::mem::replace(&mut away, true) {
                        tracing::debug!(node.name = %self.node, error = %error, "no sign of life");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.lease / 3) => {}
            }
        }
        if let Err(error) = self.store.sign_off(&self.node).await {
            tracing::warn!(error = %error, "relay leases were left to run out");
        }
    }

    async fn once(&self) -> Result<Freed, StoreError> {
        let roles: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        self.store.sign_of_life(&self.node, &roles).await?;
        self.store.free_from_the_dead(self.lease).await
    }
}

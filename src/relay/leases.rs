//! Keeps this node's share of the buckets leased, apart from the publishing, so that a slow broker costs no lease.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::domain::ids::NodeName;
use crate::store::{BucketLease, Store, in_time};

/// The fence of every bucket held now.
pub(super) type Held = BTreeMap<u16, i64>;

pub(super) struct LeaseKeeper {
    pub(super) store: Store,
    pub(super) node: NodeName,
    pub(super) buckets: u16,
    pub(super) lease: Duration,
}

impl LeaseKeeper {
    /// Renews three times per lease until told to stop. When the database does not answer for a whole lease,
    /// everything counts as lost.
    pub(super) async fn run(self, held: watch::Sender<Held>, stop: CancellationToken) {
        let mut renewed = tokio::time::Instant::now();
        let mut away = false;
        loop {
            match in_time(self.renew()).await {
                Ok(leases) => {
                    renewed = tokio::time::Instant::now();
                    if std::mem::take(&mut away) {
                        tracing::info!(node.name = %self.node, "relay leases renewed again");
                    }
                    let now: Held = leases.into_iter().map(|l| (l.bucket, l.fence)).collect();
                    held.send_if_modified(|before| {
                        let changed = *before != now;
                        *before = now;
                        changed
                    });
                }
                Err(error) => {
                    if !std::mem::replace(&mut away, true) {
                        tracing::warn!(node.name = %self.node, error = %error, "relay leases could not be renewed");
                    }
                    if renewed.elapsed() > self.lease {
                        held.send_if_modified(|before| !std::mem::take(before).is_empty());
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.lease / 3) => {}
            }
        }
    }

    async fn renew(&self) -> Result<Vec<BucketLease>, crate::store::StoreError> {
        let relays = self.store.count_relays(&self.node, self.lease).await?;
        let share = u32::from(self.buckets).div_ceil(relays);
        let share = u16::try_from(share).unwrap_or(self.buckets);
        let leases = self
            .store
            .hold_buckets(&self.node, self.buckets, share, self.lease)
            .await?;
        if leases.is_empty() {
            // The first look creates the rows; the second takes them.
            return self
                .store
                .hold_buckets(&self.node, self.buckets, share, self.lease)
                .await;
        }
        Ok(leases)
    }
}

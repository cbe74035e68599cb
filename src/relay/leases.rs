//! Keeps this node's share of the buckets leased, apart from the publishing, so that a slow broker costs no lease.
//!
//! Buckets that another node is to have are renewed until the relay says that nothing of theirs is under way any more:
//! let go of at once, they would have their messages in flight published a second time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::ids::NodeName;
use crate::store::{BucketLease, Leases, Store, StoreError, in_time};

/// The fence of every bucket held now.
pub(super) type Held = BTreeMap<u16, i64>;

/// What is in this node's hands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) held: Held,
    /// Those of them that are to be let go of.
    pub(super) leaving: BTreeSet<u16>,
}

pub(super) struct LeaseKeeper {
    pub(super) store: Store,
    pub(super) node: NodeName,
    pub(super) buckets: u16,
    pub(super) lease: Duration,
    /// Leases the relay has done with.
    pub(super) done: mpsc::UnboundedReceiver<Vec<BucketLease>>,
}

impl LeaseKeeper {
    /// Renews three times per lease until told to stop, more often while others still hold what is to be its own. When
    /// the database does not answer for a whole lease, everything counts as lost.
    pub(super) async fn run(mut self, holding: watch::Sender<Holding>, stop: CancellationToken) {
        let mut renewed = Instant::now();
        let mut away = false;
        // Since when there are buckets to let go of.
        let mut leaving: Option<Instant> = None;
        let mut pause = self.lease / 3;
        loop {
            match in_time(self.renew()).await {
                Ok((leases, share)) => {
                    renewed = Instant::now();
                    if std::mem::take(&mut away) {
                        tracing::info!(node.name = %self.node, "relay leases renewed again");
                    }
                    leaving = (!leases.surplus.is_empty()).then(|| leaving.unwrap_or(renewed));
                    pause = if leases.kept.len() < usize::from(share) {
                        self.lease / 30
                    } else {
                        self.lease / 3
                    };
                    publish(&holding, &leases);
                    if leaving.is_some_and(|since| since.elapsed() > self.lease) {
                        // The relay is stuck; another may not be.
                        self.let_go(&holding, &leases.surplus).await;
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut away, true) {
                        tracing::warn!(node.name = %self.node, error = %error, "relay leases could not be renewed");
                    }
                    if renewed.elapsed() > self.lease {
                        holding.send_if_modified(|before| !std::mem::take(before).held.is_empty());
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                Some(done) = self.done.recv() => self.let_go(&holding, &done).await,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// What is held now, and how many buckets are this node's share.
    async fn renew(&self) -> Result<(Leases, u16), StoreError> {
        let relays = self.store.count_relays(&self.node, self.lease).await?;
        let share = u32::from(self.buckets).div_ceil(relays);
        let share = u16::try_from(share).unwrap_or(self.buckets);
        let hold = || {
            self.store
                .hold_buckets(&self.node, self.buckets, share, self.lease)
        };
        let leases = hold().await?;
        if leases == Leases::default() {
            // The first look creates the rows; the second takes them.
            return Ok((hold().await?, share));
        }
        Ok((leases, share))
    }

    async fn let_go(&self, holding: &watch::Sender<Holding>, leases: &[BucketLease]) {
        holding.send_if_modified(|now| {
            let before = now.held.len();
            now.held
                .retain(|bucket, fence| !leases.iter().any(|l| l.bucket == *bucket && l.fence == *fence));
            now.leaving.retain(|bucket| now.held.contains_key(bucket));
            now.held.len() != before
        });
        if let Err(error) = in_time(self.store.let_go(&self.node, leases)).await {
            tracing::warn!(node.name = %self.node, error = %error, "relay leases are left to run out");
        }
    }
}

fn publish(holding: &watch::Sender<Holding>, leases: &Leases) {
    let all = leases.kept.iter().chain(&leases.surplus);
    let now = Holding {
        held: all.map(|l| (l.bucket, l.fence)).collect(),
        leaving: leases.surplus.iter().map(|l| l.bucket).collect(),
    };
    holding.send_if_modified(|before| {
        let changed = *before != now;
        *before = now;
        changed
    });
}

//! Moves confirmed messages out of the outbox, in batches, beside the publishing of the next ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};

use super::leases::Held;
use crate::domain::ids::NodeName;
use crate::store::{BucketLease, Store, in_time};

const LARGEST_BATCH: usize = 2_000;
const AGAIN: Duration = Duration::from_millis(200);

/// The relay's end: what was confirmed goes in, `idle` tells when all of it is marked.
pub(super) struct Confirmer {
    ids: mpsc::UnboundedSender<i64>,
    open: Arc<AtomicUsize>,
    done: Arc<Notify>,
}

impl Confirmer {
    pub(super) fn start(store: Store, node: NodeName, held: watch::Receiver<Held>) -> Self {
        let (ids, receiver) = mpsc::unbounded_channel();
        let confirmer = Self {
            ids,
            open: Arc::default(),
            done: Arc::default(),
        };
        tokio::spawn(mark(
            store,
            node,
            held,
            receiver,
            Arc::clone(&confirmer.open),
            Arc::clone(&confirmer.done),
        ));
        confirmer
    }

    pub(super) fn confirmed(&self, ids: &[i64]) {
        self.open.fetch_add(ids.len(), Ordering::AcqRel);
        for &id in ids {
            let _ = self.ids.send(id);
        }
    }

    /// Waits until everything confirmed so far is marked: a look into the database would see it as unsent.
    pub(super) async fn idle(&self) {
        loop {
            let done = self.done.notified();
            if self.open.load(Ordering::Acquire) == 0 {
                return;
            }
            done.await;
        }
    }
}

async fn mark(
    store: Store,
    node: NodeName,
    held: watch::Receiver<Held>,
    mut ids: mpsc::UnboundedReceiver<i64>,
    open: Arc<AtomicUsize>,
    done: Arc<Notify>,
) {
    let mut batch = Vec::new();
    while ids.recv_many(&mut batch, LARGEST_BATCH).await > 0 {
        // Tried until it is done, not until the next confirm comes: the relay may be waiting for us and send none.
        while !is_settled(&store, &node, &held, &batch).await {
            tokio::time::sleep(AGAIN).await;
        }
        open.fetch_sub(batch.len(), Ordering::AcqRel);
        done.notify_waiters();
        batch.clear();
    }
}

/// Marks a batch; false when that has to be tried again.
async fn is_settled(store: &Store, node: &NodeName, held: &watch::Receiver<Held>, batch: &[i64]) -> bool {
    let leases: Vec<BucketLease> = held
        .borrow()
        .iter()
        .map(|(&bucket, &fence)| BucketLease { bucket, fence })
        .collect();
    match in_time(store.confirm_sent(node, &leases, batch)).await {
        Ok(marked) if usize::try_from(marked).ok() == Some(batch.len()) => true,
        Ok(marked) => {
            // Whoever holds those buckets now publishes them again under the same ids.
            tracing::warn!(
                outbox.marked = marked,
                outbox.confirmed = batch.len(),
                "a lease was lost while publishing"
            );
            true
        }
        Err(error) => {
            tracing::warn!(error = %error, outbox.confirmed = batch.len(), "confirmed messages could not be marked");
            !error.is_passing()
        }
    }
}

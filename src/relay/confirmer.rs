//! Moves confirmed messages out of the outbox, in batches, beside the publishing of the next ones.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};

use super::leases::Holding;
use crate::domain::ids::NodeName;
use crate::store::{BucketLease, Store, in_time};

const LARGEST_BATCH: usize = 2_000;
/// How long confirms are gathered before they are marked: one transaction for many, and nobody waits for it. Who dies
/// meanwhile has them published once more, under the same ids.
const GATHER: Duration = Duration::from_millis(20);
const AGAIN: Duration = Duration::from_millis(200);

/// What was confirmed and is not marked yet.
#[derive(Clone, Default)]
struct Unmarked(Arc<Mutex<HashSet<i64>>>);

impl Unmarked {
    fn lock(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The relay's end: what was confirmed goes in, `idle` tells when all of it is marked.
pub(super) struct Confirmer {
    ids: mpsc::UnboundedSender<i64>,
    unmarked: Unmarked,
    /// Somebody waits after all.
    hurry: Arc<Notify>,
    done: Arc<Notify>,
}

impl Confirmer {
    pub(super) fn start(store: Store, node: NodeName, held: watch::Receiver<Holding>) -> Self {
        let (ids, receiver) = mpsc::unbounded_channel();
        let confirmer = Self {
            ids,
            unmarked: Unmarked::default(),
            hurry: Arc::default(),
            done: Arc::default(),
        };
        let marker = Marker {
            store,
            node,
            held,
            unmarked: confirmer.unmarked.clone(),
            hurry: Arc::clone(&confirmer.hurry),
            done: Arc::clone(&confirmer.done),
        };
        tokio::spawn(marker.run(receiver));
        confirmer
    }

    pub(super) fn confirmed(&self, ids: &[i64]) {
        self.unmarked.lock().extend(ids);
        for &id in ids {
            let _ = self.ids.send(id);
        }
    }

    /// What a look into the database would see as unsent.
    pub(super) fn unmarked(&self) -> Vec<i64> {
        self.unmarked.lock().iter().copied().collect()
    }

    /// Waits until everything confirmed so far is marked.
    pub(super) async fn idle(&self) {
        loop {
            let done = self.done.notified();
            if self.unmarked.lock().is_empty() {
                return;
            }
            self.hurry.notify_one();
            done.await;
        }
    }
}

/// The other end: marks what goes in.
struct Marker {
    store: Store,
    node: NodeName,
    held: watch::Receiver<Holding>,
    unmarked: Unmarked,
    hurry: Arc<Notify>,
    done: Arc<Notify>,
}

impl Marker {
    async fn run(self, mut ids: mpsc::UnboundedReceiver<i64>) {
        let mut batch = Vec::new();
        while ids.recv_many(&mut batch, LARGEST_BATCH).await > 0 {
            tokio::select! {
                () = self.hurry.notified() => {}
                () = tokio::time::sleep(GATHER) => {}
            }
            while batch.len() < LARGEST_BATCH
                && let Ok(id) = ids.try_recv()
            {
                batch.push(id);
            }
            // Tried until it is done, not until the next confirm comes: the relay may be waiting for us and send none.
            while !self.is_settled(&batch).await {
                tokio::time::sleep(AGAIN).await;
            }
            let mut unmarked = self.unmarked.lock();
            for id in batch.drain(..) {
                unmarked.remove(&id);
            }
            drop(unmarked);
            self.done.notify_waiters();
        }
    }

    /// Marks a batch; false when that has to be tried again.
    async fn is_settled(&self, batch: &[i64]) -> bool {
        let leases: Vec<BucketLease> = self
            .held
            .borrow()
            .held
            .iter()
            .map(|(&bucket, &fence)| BucketLease { bucket, fence })
            .collect();
        match in_time(self.store.confirm_sent(&self.node, &leases, batch)).await {
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
}

//! The engine's door: every command, from the broker or a caller in this process, enters here and is batched.
//!
//! Commands of one request always go to the same worker, so they are handled in the order they came in. A worker
//! takes what is there, up to a batch, and waits for nothing else (waiting for more measured slower).

use std::iter::Peekable;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Engine, HandleError, Handled, Item};
use crate::store::{Store, StoreError, in_time};

/// How long a batch waits before it is tried again while the database is away.
const RETRY: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// How long after its begin a try that meets a lock surely waits for it.
const UNTIL_IT_WAITS: Duration = Duration::from_millis(100);

/// Most bytes of messages in one transaction: the files of all of them are decoded at once.
const MOST_BYTES: usize = 8 << 20;

/// Called with the outcome once it is committed: acknowledges a delivery or answers a caller.
pub type Completion = Box<dyn FnOnce(Handled) + Send>;

struct Entry {
    item: Item,
    done: Completion,
}

/// Where commands go in. Cloned freely.
#[derive(Clone)]
pub struct Door {
    workers: Arc<[mpsc::Sender<Entry>]>,
}

impl Door {
    /// Starts `workers` workers on `tracker`; each takes up to `batch` commands at once. Once `closing` is cancelled
    /// they finish what is in and take nothing more.
    pub fn open(
        engine: &Arc<Engine>,
        workers: usize,
        batch: usize,
        tracker: &TaskTracker,
        closing: &CancellationToken,
    ) -> Self {
        let workers = (0..workers.max(1))
            .map(|_| {
                let (sender, receiver) = mpsc::channel(batch.max(1) * 2);
                tracker.spawn(work(Arc::clone(engine), receiver, batch.max(1), closing.clone()));
                sender
            })
            .collect();
        Self { workers }
    }

    /// Puts a command in; `done` is called once, after its transaction committed. Waits while workers are full.
    pub async fn put(&self, item: Item, done: Completion) {
        let worker = usize::from(item.lane()) % self.workers.len();
        // A closed worker means the engine stopped: the delivery stays unacknowledged and comes again.
        let _ = self.workers[worker].send(Entry { item, done }).await;
    }

    /// Puts a command in and waits for its outcome; `None` when the engine stopped before it was handled.
    pub async fn ask(&self, item: Item) -> Option<Handled> {
        let (sender, receiver) = oneshot::channel();
        let done = Box::new(move |handled| {
            let _ = sender.send(handled);
        });
        self.put(item, done).await;
        receiver.await.ok()
    }
}

async fn work(
    engine: Arc<Engine>,
    mut entries: mpsc::Receiver<Entry>,
    batch: usize,
    closing: CancellationToken,
) {
    let mut taken = Vec::with_capacity(batch);
    loop {
        let count = tokio::select! {
            count = entries.recv_many(&mut taken, batch) => count,
            () = closing.cancelled(), if !entries.is_closed() => {
                entries.close();
                continue;
            }
        };
        if count == 0 {
            return;
        }
        let mut entries = std::mem::take(&mut taken).into_iter().peekable();
        while entries.peek().is_some() {
            handle_portion(&engine, &mut entries).await;
        }
    }
}

/// Handles the next of them: as many as are not too large together, and one at least.
async fn handle_portion(engine: &Engine, entries: &mut Peekable<impl Iterator<Item = Entry>>) {
    let (mut items, mut dones) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    while let Some(entry) = entries.next_if(|next| items.is_empty() || bytes + next.item.size() <= MOST_BYTES)
    {
        bytes += entry.item.size();
        items.push(entry.item);
        dones.push(entry.done);
    }
    let outcomes = handle_until_done(engine, &items).await;
    for ((item, handled), done) in items.iter().zip(outcomes).zip(dones) {
        super::counting::handled(item, &handled);
        done(handled);
    }
}

/// Says who holds what the next try waits for.
async fn name_the_holders(store: Store) {
    tokio::time::sleep(UNTIL_IT_WAITS).await;
    // Not being told is no harm.
    for holder in store.blockers().await.unwrap_or_default() {
        tracing::warn!(
            database.pid = holder.pid,
            database.user = holder.user,
            database.application = holder.application,
            "a lock the intake waits for is in this session's hands"
        );
    }
}

/// Nothing is acknowledged until it is committed, so a batch is tried until it is.
async fn handle_until_done(engine: &Engine, items: &[Item]) -> Vec<Handled> {
    let mut attempt = 0;
    loop {
        match in_time(engine.handle(items)).await {
            Ok(handled) => {
                if attempt > 0 {
                    tracing::info!(attempts = attempt, "intake goes on");
                }
                return handled;
            }
            Err(error) => {
                if attempt == 0 {
                    tracing::warn!(error = %error, commands = items.len(), "intake waits");
                }
                let pause = RETRY[usize::min(attempt, RETRY.len() - 1)];
                tokio::time::sleep(pause.mul_f64(rand::random_range(0.8..1.2))).await;
                attempt += 1;
                if let HandleError::Store(StoreError::Locked(_)) = error {
                    tokio::spawn(name_the_holders(engine.store().clone()));
                }
            }
        }
    }
}

//! The engine's door: every command, from the broker or a caller in this process, enters here and is batched.
//!
//! A worker takes what is there, up to a batch, and waits for nothing else (waiting for more measured slower).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::lobby::{Entry, Lobby, Portion};
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

/// Where commands go in. Cloned freely.
#[derive(Clone)]
pub struct Door {
    lobby: Arc<Lobby>,
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
        let (workers, commands) = (workers.max(1), batch.max(1));
        let lobby = Arc::new(Lobby::new(2 * workers * commands));
        let portion = Portion {
            commands,
            bytes: MOST_BYTES,
        };
        for _ in 0..workers {
            tracker.spawn(work(Arc::clone(engine), Arc::clone(&lobby), portion));
        }
        let (closing, closed) = (closing.clone(), Arc::clone(&lobby));
        tracker.spawn(async move {
            closing.cancelled().await;
            closed.close();
        });
        Self { lobby }
    }

    /// Puts a command in; `done` is called once, after its transaction committed. Waits while workers are full.
    pub async fn put(&self, item: Item, done: Completion) {
        self.lobby.put(Entry { item, done }).await;
    }

    /// How many commands came in and are not finished.
    pub fn unfinished(&self) -> usize {
        self.lobby.unfinished()
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

async fn work(engine: Arc<Engine>, lobby: Arc<Lobby>, most: Portion) {
    while let Some(mut in_hand) = lobby.take(most).await {
        let entries = std::mem::take(&mut in_hand.entries);
        let (items, dones): (Vec<Item>, Vec<Completion>) =
            entries.into_iter().map(|entry| (entry.item, entry.done)).unzip();
        let outcomes = handle_until_done(&engine, &items).await;
        for ((item, handled), done) in items.iter().zip(outcomes).zip(dones) {
            super::counting::handled(item, &handled);
            done(handled);
        }
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

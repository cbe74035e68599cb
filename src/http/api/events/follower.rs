//! The one follower of a node: reads what happened and hands it to everybody who watches; rests while nobody does.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::store::{FeedItem, FeedPosition, Store, StoreError};

/// How often the follower looks. Whether one or a thousand watch makes no difference to the database.
const LOOK: Duration = Duration::from_millis(500);
/// Read at once; the rest follows without a pause.
const AT_ONCE: u32 = 1_000;
/// A watcher this far behind is told to look at everything.
const KEPT: usize = 4_096;

/// A place from which what happens can be watched.
#[derive(Debug, Clone)]
pub struct Watch {
    happening: broadcast::Sender<Arc<FeedItem>>,
    position: watch::Receiver<Option<FeedPosition>>,
    wanted: Arc<Notify>,
    stop: CancellationToken,
}

impl Watch {
    /// Starts the follower; it ends with the node.
    pub fn start(store: Store, stop: CancellationToken) -> Self {
        let (happening, _) = broadcast::channel(KEPT);
        let (position_sender, position) = watch::channel(None);
        let watch = Self {
            happening: happening.clone(),
            position,
            wanted: Arc::default(),
            stop: stop.clone(),
        };
        let follower = Follower {
            store,
            happening,
            position: position_sender,
            wanted: Arc::clone(&watch.wanted),
            stop,
            away: false,
        };
        tokio::spawn(follower.run());
        watch
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<FeedItem>> {
        let receiver = self.happening.subscribe();
        self.wanted.notify_one();
        receiver
    }

    /// From where on the follower tells what happens; `None` if the node stops first.
    pub(super) async fn running(&self) -> Option<FeedPosition> {
        let mut position = self.position.clone();
        let running = position.wait_for(Option::is_some);
        tokio::select! {
            () = self.stop.cancelled() => None,
            position = running => position.ok().and_then(|position| *position),
        }
    }

    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

struct Follower {
    store: Store,
    happening: broadcast::Sender<Arc<FeedItem>>,
    position: watch::Sender<Option<FeedPosition>>,
    wanted: Arc<Notify>,
    stop: CancellationToken,
    /// The database was not to be reached; said once.
    away: bool,
}

impl Follower {
    async fn run(mut self) {
        let mut at = None;
        while !self.stop.is_cancelled() {
            if self.happening.receiver_count() == 0 {
                self.position.send_replace(None);
                // Looked at again: who came before the position went has seen it, and must find it true.
                if self.happening.receiver_count() == 0 {
                    at = None;
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        () = self.wanted.notified() => {}
                    }
                }
            }
            match self.look(at).await {
                Ok((next, more)) => {
                    self.away = false;
                    at = Some(next);
                    self.position.send_replace(at);
                    if more {
                        continue;
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.away, true) {
                        tracing::warn!(error = %error, "what happens cannot be followed");
                    }
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Tells what happened since; answers from where to go on, and whether there is more at once.
    async fn look(&self, at: Option<FeedPosition>) -> Result<(FeedPosition, bool), StoreError> {
        let Some(at) = at else {
            return Ok((self.store.feed_end().await?, false));
        };
        let feed = self.store.feed(at, AT_ONCE).await?;
        for item in feed.items {
            // Nobody listens any more: nobody misses it.
            let _ = self.happening.send(Arc::new(item));
        }
        Ok((feed.next, feed.cut))
    }
}

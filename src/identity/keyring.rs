//! The keys of an issuer, kept and renewed: an issuer that is away locks nobody out whose key is known, a new key is
//! found when the first token comes that is signed with it, and one the issuer no longer lists is forgotten.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Denied;
use super::keys::{Key, KeySet};
use super::source::{KeySource, NoKeys};
use crate::config::auth::Signature;

/// Keys that come from elsewhere.
#[derive(Debug)]
pub(super) struct Keyring {
    source: KeySource,
    accepted: Vec<Signature>,
    /// How often the keys are read anew.
    refresh: Duration,
    /// Least time between two reads that tokens with unknown keys cause.
    pause: Duration,
    keys: RwLock<KeySet>,
    /// Held while they are read: whoever waits for it finds what was read.
    last: Mutex<Option<Attempt>>,
}

/// The last time the keys were read.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    at: Instant,
    succeeded: bool,
}

impl Keyring {
    pub(super) fn new(
        source: KeySource,
        accepted: Vec<Signature>,
        refresh: Duration,
        pause: Duration,
    ) -> Self {
        Self {
            source,
            accepted,
            refresh,
            pause,
            keys: RwLock::default(),
            last: Mutex::new(None),
        }
    }

    /// The key of a token. One that is not known is asked for, but not for every token somebody makes up.
    pub(super) async fn key(self: &Arc<Self>, id: &str) -> Result<Arc<Key>, Denied> {
        if let Some(key) = self.known(id) {
            return Ok(key);
        }
        let keyring = Arc::clone(self);
        // Spawned: clients that hang up must not keep a new key from ever being read.
        let asked = tokio::spawn(async move { keyring.read_unless_just_done().await });
        let succeeded = asked.await.unwrap_or(false);
        match self.known(id) {
            Some(key) => Ok(key),
            None if succeeded => Err(Denied::Invalid("it is signed with a key that is not known here")),
            None => Err(Denied::Unavailable),
        }
    }

    /// Reads the keys now and then until stopped.
    pub(super) async fn keep_current(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let wait = {
                let mut last = self.last.lock().await;
                if self.read(&mut last).await {
                    self.refresh
                } else {
                    self.pause
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn known(&self, id: &str) -> Option<Arc<Key>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(id)
    }

    async fn read_unless_just_done(&self) -> bool {
        let mut last = self.last.lock().await;
        match *last {
            Some(attempt) if attempt.at.elapsed() < self.pause => attempt.succeeded,
            Some(_) | None => self.read(&mut last).await,
        }
    }

    async fn read(&self, last: &mut Option<Attempt>) -> bool {
        let read = self.source.read(&self.accepted).await;
        let succeeded = read.is_ok();
        *last = Some(Attempt {
            at: Instant::now(),
            succeeded,
        });
        match read {
            Ok(keys) => *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys,
            Err(error) => tell(&error),
        }
        succeeded
    }
}

fn tell(error: &NoKeys) {
    tracing::warn!(%error, "the keys of the issuer cannot be read: those known stay in use");
}

#[cfg(test)]
mod tests;

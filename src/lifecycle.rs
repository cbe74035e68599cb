//! Starting together and stopping in two stages: once asked, work in hand is finished; asked again, or after the
//! grace period, what is left is dropped.
//!
//! Losing a task at the second stage is safe: nothing is acknowledged before it is committed.

pub mod readiness;
pub mod signals;

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long work in hand may take to finish after the first request to stop.
pub const GRACE: Duration = Duration::from_secs(20);

/// How long tasks get to notice the second stage before the process leaves them behind.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// Shared by everything that runs for as long as the process: says when to stop, and knows who has not yet.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    unfinished: Arc<Mutex<Vec<&'static str>>>,
    by_signal: Arc<AtomicBool>,
}

/// Work that is not finished until this is dropped.
#[derive(Debug)]
pub struct InHand {
    what: &'static str,
    unfinished: Arc<Mutex<Vec<&'static str>>>,
}

/// How a process came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Every task finished its work in hand.
    Drained,
    /// These were left behind: at the second request, or when the grace period was over.
    Cut(Vec<&'static str>),
}

impl Shutdown {
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled at the first request: take no new work, finish what is in hand.
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when even work in hand must be dropped.
    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// Runs a task whose end the process waits for; `what` names it if it has to be left behind.
    pub fn spawn<F>(&self, what: &'static str, task: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let in_hand = self.in_hand(what);
        self.tasks.spawn(async move {
            let _in_hand = in_hand;
            task.await
        })
    }

    /// Names a piece of work for as long as what is returned lives.
    pub fn in_hand(&self, what: &'static str) -> InHand {
        self.unfinished().push(what);
        InHand {
            what,
            unfinished: Arc::clone(&self.unfinished),
        }
    }

    /// Asks to stop: the first call starts the draining, the second ends it.
    pub fn ask(&self) {
        if self.soft.is_cancelled() {
            self.hard.cancel();
        } else {
            self.soft.cancel();
        }
    }

    /// Whether stopping was asked for.
    pub fn is_asked(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Whether a signal asked for it, rather than the end of the work.
    pub fn was_signalled(&self) -> bool {
        self.by_signal.load(Ordering::SeqCst)
    }

    pub(crate) fn note_signal(&self) {
        self.by_signal.store(true, Ordering::SeqCst);
    }

    /// Waits for the request to stop, then for all tasks, at most `grace`.
    pub async fn finished(&self, grace: Duration) -> Ended {
        self.soft.cancelled().await;
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => return Ended::Drained,
            () = self.hard.cancelled() => {}
            () = tokio::time::sleep(grace) => self.hard.cancel(),
        }
        let cut = self.unfinished().clone();
        // Tasks that heed the second stage end by themselves; the others are counted as cut.
        match tokio::time::timeout(LAST_MOMENT, self.tasks.wait()).await {
            Ok(()) | Err(_) => Ended::Cut(cut),
        }
    }

    fn unfinished(&self) -> std::sync::MutexGuard<'_, Vec<&'static str>> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = unfinished.iter().position(|what| *what == self.what) {
            unfinished.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_in_hand_is_finished_after_the_first_request() {
        let shutdown = Shutdown::new();
        let soft = shutdown.soft();
        let work = shutdown.spawn("soft", async move {
            soft.cancelled().await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            "finished"
        });
        shutdown.ask();
        assert_eq!(shutdown.finished(GRACE).await, Ended::Drained);
        assert_eq!(work.await.unwrap(), "finished");
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_request_ends_the_draining() {
        let shutdown = Shutdown::new();
        let hard = shutdown.hard();
        let work = shutdown.spawn("hard", async move {
            hard.cancelled().await;
            "dropped"
        });
        shutdown.ask();
        shutdown.ask();
        assert_eq!(shutdown.finished(GRACE).await, Ended::Cut(vec!["hard"]));
        assert_eq!(work.await.unwrap(), "dropped");
    }

    #[tokio::test(start_paused = true)]
    async fn the_grace_period_ends_what_does_not_end_itself() {
        let shutdown = Shutdown::new();
        shutdown.spawn("ends", std::future::ready(()));
        shutdown.spawn("hangs", std::future::pending::<()>());
        shutdown.ask();
        let began = tokio::time::Instant::now();
        assert_eq!(shutdown.finished(GRACE).await, Ended::Cut(vec!["hangs"]));
        assert!(shutdown.hard().is_cancelled());
        assert_eq!(began.elapsed(), GRACE + LAST_MOMENT);
    }
}

//! What the operating system asks of the process: stop (SIGINT, SIGTERM) and read again (SIGHUP).

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Shutdown;

/// The signals listened to. Made before the work starts, so that none is missed.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

/// The work was ended by the user, not by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

impl Signals {
    /// Must be called inside a runtime.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Passes signals on until the second request to stop: `reload` is called at every SIGHUP.
    pub async fn drive(mut self, shutdown: Shutdown, reload: impl Fn() + Send) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
                _ = self.hang_up.recv() => {
                    tracing::info!("asked to reload");
                    reload();
                    continue;
                }
            }
            shutdown.note_signal();
            if shutdown.is_asked() {
                tracing::warn!("asked twice to stop: leaving at once");
                shutdown.ask();
                return;
            }
            tracing::info!("asked to stop: finishing the work in hand; a second signal stops at once");
            shutdown.ask();
        }
    }

    /// Runs `work` until it ends or the user interrupts it: for commands in the foreground.
    pub async fn until_interrupted<F: Future>(mut self, work: F) -> Result<F::Output, Interrupted> {
        tokio::select! {
            output = work => Ok(output),
            _ = self.interrupt.recv() => Err(Interrupted),
            _ = self.terminate.recv() => Err(Interrupted),
        }
    }
}

//! Open or closed: whether a register is asked at all. An open circuit is closed by an answer to a question of no
//! one, asked beside the traffic, so that no request ever waits to find out.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::ask::Connection;
use crate::domain::registers::RegisterName;
use crate::registry::{Standing, Trouble};

/// The first pause before an open circuit is tried.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

pub(super) struct Circuit {
    name: RegisterName,
    connection: Arc<Connection>,
    standing: watch::Sender<Standing>,
    /// Failures since the last answer to a real question: a register that answers nothing but trials is tried ever
    /// more seldom.
    failures: AtomicU32,
}

impl Circuit {
    pub(super) fn new(name: RegisterName, connection: Arc<Connection>) -> Self {
        Self {
            name,
            connection,
            standing: watch::Sender::new(Standing::Up),
            failures: AtomicU32::new(0),
        }
    }

    pub(super) fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    pub(super) fn watch(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// A real question was answered.
    pub(super) fn answered(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// A question was not answered: nobody asks again until a trial succeeds.
    pub(super) fn open(self: &Arc<Self>, trouble: Trouble) {
        let opened = self.standing.send_if_modified(|standing| {
            let was_up = *standing == Standing::Up;
            *standing = Standing::Away(trouble);
            was_up
        });
        if opened {
            tracing::warn!(register = %self.name, trouble = %trouble, "a register does not answer: what needs it is parked");
            tokio::spawn(until_it_answers(Arc::downgrade(self), self.pause()));
        }
    }

    fn pause(&self) -> Duration {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed);
        FIRST_PAUSE
            .saturating_mul(1 << failures.min(6))
            .min(LONGEST_PAUSE)
    }

    fn close(&self) {
        self.standing.send_replace(Standing::Up);
        tracing::info!(register = %self.name, "a register answers again");
    }
}

/// Ends with an answer, or with the register's last user.
async fn until_it_answers(circuit: Weak<Circuit>, mut pause: Duration) {
    loop {
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.8..1.2))).await;
        let Some(circuit) = circuit.upgrade() else {
            return;
        };
        match circuit.connection.trial().await {
            Ok(()) => {
                circuit.close();
                return;
            }
            Err(trouble) => {
                circuit.standing.send_if_modified(|standing| {
                    let now = Standing::Away(trouble);
                    std::mem::replace(standing, now) != now
                });
                pause = circuit.pause();
            }
        }
    }
}

//! Places at which a test build kills itself, to show that nothing is lost or doubled there: steps K1 to K7 of
//! docs/reliability.md.
//!
//! `FAIL_POINT=committed@3` ends the process the third time it gets there, as `kill -9` would: nothing is flushed, no
//! destructor runs. Only builds with debug assertions have this. A feature would compile the crate a second time for
//! one test; the profiles `release` and `dist` know neither the variable nor the kill (tests/architecture.rs).

use crate::domain::event::words;

words!(
    /// A step between two of which a process may die.
    FailPoint {
        /// K1: a command was delivered, nothing of it was read.
        Delivered = "delivered",
        /// K2: everything is written, nothing is committed.
        InTransaction = "in_transaction",
        /// K4: committed, not acknowledged.
        Committed = "committed",
        /// K5: on its way to the broker, not confirmed.
        Published = "published",
        /// K6: confirmed, not marked as sent.
        Confirmed = "confirmed",
        /// K7: the mail server took it, and nothing says so yet.
        MailAccepted = "mail_accepted",
    }
);

/// Ends the process here if it was told to.
#[inline]
pub(crate) fn reached(point: FailPoint) {
    #[cfg(debug_assertions)]
    armed::reached(point);
    #[cfg(not(debug_assertions))]
    let _ = point;
}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::FailPoint;

    /// The point, and how often it may still be passed.
    static ARMED: LazyLock<Option<(FailPoint, AtomicU64)>> = LazyLock::new(|| {
        let order = std::env::var_os("FAIL_POINT")?;
        let (point, times) = read(order.to_str()?)?;
        Some((point, AtomicU64::new(times)))
    });

    pub(super) fn reached(point: FailPoint) {
        if let Some((armed, left)) = &*ARMED
            && *armed == point
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            // Nobody is left to hear of an error.
            let _ = kill(Pid::this(), Signal::SIGKILL);
        }
    }

    /// `committed@3`
    pub(super) fn read(order: &str) -> Option<(FailPoint, u64)> {
        let (point, times) = order.split_once('@').unwrap_or((order, "1"));
        Some((
            FailPoint::from_word(point)?,
            times.parse().ok().filter(|times| *times > 0)?,
        ))
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_a_point_and_a_time() {
        assert_eq!(armed::read("committed@3"), Some((FailPoint::Committed, 3)));
        assert_eq!(armed::read("published"), Some((FailPoint::Published, 1)));
        for wrong in ["", "committed@0", "committed@", "nowhere@1"] {
            assert_eq!(armed::read(wrong), None, "{wrong}");
        }
    }
}

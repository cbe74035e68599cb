//! Faults a test build brings upon itself, to show that nothing is lost or doubled by them (docs/reliability.md):
//!
//! | variable | does |
//! |---|---|
//! | `FAIL_POINT=committed@3` | ends the process the third time it gets there, as `kill -9` would: nothing is flushed, no destructor runs |
//! | `FAIL_BODY=mark` | a body with that mark ends the process as it is read, as a foreign abort or an overflowing stack would |
//! | `FAIL_RULE=mark` | the rules panic over it |
//! | `FAIL_CLOCK=-3600` | the machine's clock is so many seconds ahead |
//! | `LIVES_WITH=4711` | the process ends with its parent, which has this number |
//!
//! Only builds with debug assertions have this. A feature would compile the crate a second time for one test; the
//! profiles `release` and `dist` know neither the variables nor what they do (tests/architecture.rs).

#[cfg(debug_assertions)]
mod armed;

use chrono::TimeDelta;

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

/// Ends the process over a deadly body.
#[inline]
pub(crate) fn read(body: &[u8]) {
    #[cfg(debug_assertions)]
    armed::abort_over(body);
    #[cfg(not(debug_assertions))]
    let _ = body;
}

/// Panics over a command that came with a deadly body.
#[inline]
pub(crate) fn judged(body: impl FnOnce() -> Vec<u8>) {
    #[cfg(debug_assertions)]
    armed::panic_over(body);
    #[cfg(not(debug_assertions))]
    let _ = body;
}

/// How far the machine's clock is ahead.
#[inline]
pub(crate) fn clock_error() -> TimeDelta {
    #[cfg(debug_assertions)]
    return armed::clock_error();
    #[cfg(not(debug_assertions))]
    TimeDelta::zero()
}

/// Ends the process with its parent if it was told to: a test that is killed leaves nothing running.
#[inline]
pub fn live_with_parent() {
    #[cfg(debug_assertions)]
    armed::live_with_parent();
}

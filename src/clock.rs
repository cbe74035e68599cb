//! The only source of time and of new ids.
//!
//! Decisions use [`Clock::now`], which a development system may move (`clock.offset`, `PUT /dev/clock`).
//! Durations of waiting and backing off use tokio's monotonic time, never this.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// A clock shared by everything in one node: the machine's own, moved by an offset, or one a test sets by hand.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Milliseconds since the epoch of a clock that stands still, or `i64::MIN` for the machine's.
    fixed_ms: AtomicI64,
    offset_ms: AtomicI64,
}

const RUNNING: i64 = i64::MIN;

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(Inner {
            fixed_ms: AtomicI64::new(RUNNING),
            offset_ms: AtomicI64::new(0),
        }))
    }

    /// A clock that stands still until it is moved: for tests.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        let inner = Inner {
            fixed_ms: AtomicI64::new(at.timestamp_millis()),
            offset_ms: AtomicI64::new(0),
        };
        Self(Arc::new(inner))
    }

    /// Now, as the engine sees it (UTC, to the millisecond).
    pub fn now(&self) -> DateTime<Utc> {
        let base = match self.0.fixed_ms.load(Ordering::SeqCst) {
            RUNNING => machine_now().timestamp_millis(),
            fixed => fixed,
        };
        let moved = base.saturating_add(self.0.offset_ms.load(Ordering::SeqCst));
        DateTime::from_timestamp_millis(moved).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// How far this clock is moved from its base.
    pub fn offset(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.0.offset_ms.load(Ordering::SeqCst))
    }

    /// Moves the clock to `offset` from its base (not from where it stands now).
    pub fn set_offset(&self, offset: TimeDelta) {
        self.0
            .offset_ms
            .store(offset.num_milliseconds(), Ordering::SeqCst);
    }

    /// A new time-ordered id (UUID v7) carrying the machine's time, so that ids sort by creation even when the
    /// engine's time has been moved.
    pub fn new_id(&self) -> Uuid {
        new_id()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock"
)]
fn machine_now() -> DateTime<Utc> {
    Utc::now()
}

#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
fn new_id() -> Uuid {
    Uuid::now_v7()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let start = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let clock = Clock::fixed(start);
        assert_eq!(clock.now(), start);
        clock.set_offset(TimeDelta::days(16));
        assert_eq!(clock.now(), start + TimeDelta::days(16));
    }

    #[test]
    fn the_system_clock_runs_and_can_be_moved() {
        let clock = Clock::system();
        let before = clock.now();
        clock.set_offset(TimeDelta::days(1));
        assert!(clock.now() - before >= TimeDelta::days(1));
    }
}

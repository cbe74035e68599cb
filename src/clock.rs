//! The only source of time and of new ids.
//!
//! Decisions use [`Clock::now`]: the database's time, which all nodes share, however wrong a machine's own clock is.
//! A development system may move it (`clock.offset`, `PUT /dev/clock`). Durations of waiting and backing off use tokio's
//! monotonic time, never this.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// A clock shared by everything in one node: the database's as last heard, until then the machine's, moved by an
/// offset; or one a test sets by hand.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Milliseconds since the epoch of a clock that stands still, or `i64::MIN` for the machine's.
    fixed_ms: AtomicI64,
    offset_ms: AtomicI64,
    /// What the database last said; time since then is measured, whatever becomes of the machine's clock.
    heard: RwLock<Option<Heard>>,
}

/// A time said by the database, and when.
#[derive(Debug, Clone, Copy)]
struct Heard {
    said: DateTime<Utc>,
    at: Instant,
}

/// A question for the time, on its way to the database.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    machine: DateTime<Utc>,
    at: Instant,
}

const RUNNING: i64 = i64::MIN;
/// An answer that took longer says too little about when it was given.
const TOO_SLOW: Duration = Duration::from_secs(1);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(Inner {
            fixed_ms: AtomicI64::new(RUNNING),
            offset_ms: AtomicI64::new(0),
            heard: RwLock::default(),
        }))
    }

    /// A clock that stands still until it is moved: for tests.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        let inner = Inner {
            fixed_ms: AtomicI64::new(at.timestamp_millis()),
            offset_ms: AtomicI64::new(0),
            heard: RwLock::default(),
        };
        Self(Arc::new(inner))
    }

    /// Now, as the engine sees it (UTC, to the millisecond).
    pub fn now(&self) -> DateTime<Utc> {
        let base = match self.0.fixed_ms.load(Ordering::SeqCst) {
            RUNNING => self.0.shared_now().timestamp_millis(),
            fixed => fixed,
        };
        let moved = base.saturating_add(self.0.offset_ms.load(Ordering::SeqCst));
        DateTime::from_timestamp_millis(moved).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Begins to ask the database for the time.
    pub fn ask(&self) -> Asked {
        Asked {
            machine: machine_now(),
            at: Instant::now(),
        }
    }

    /// Goes by what the database answered, as the time half way between question and answer. Answers how far the
    /// machine's own clock is ahead of it.
    pub fn hear(&self, asked: Asked, said: DateTime<Utc>) -> TimeDelta {
        let half = asked.at.elapsed() / 2;
        let at = asked.at + half;
        let mut heard = self.0.heard.write().unwrap_or_else(PoisonError::into_inner);
        if heard.is_none() || half * 2 <= TOO_SLOW {
            *heard = Some(Heard { said, at });
        }
        asked.machine + half - said
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

impl Inner {
    fn shared_now(&self) -> DateTime<Utc> {
        let heard = *self.heard.read().unwrap_or_else(PoisonError::into_inner);
        heard.map_or_else(machine_now, |Heard { said, at }| said + at.elapsed())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock"
)]
fn machine_now() -> DateTime<Utc> {
    Utc::now() + crate::failpoint::clock_error()
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
    fn once_the_database_was_heard_the_machines_clock_decides_nothing() {
        let clock = Clock::system();
        let asked = clock.ask();
        let ahead = clock.hear(asked, asked.machine - TimeDelta::days(400));
        assert!(ahead >= TimeDelta::days(400), "{ahead}");
        let back = asked.machine - clock.now();
        assert!(back > TimeDelta::days(399), "{back}");
        clock.set_offset(TimeDelta::days(400));
        assert!(
            clock.now() > asked.machine - TimeDelta::seconds(1),
            "moved from the database's time"
        );
    }

    #[test]
    fn an_answer_that_took_long_moves_nothing() {
        let clock = Clock::system();
        let first = clock.ask();
        clock.hear(first, first.machine);
        let mut slow = clock.ask();
        slow.at = slow.at.checked_sub(TOO_SLOW * 2).unwrap();
        clock.hear(slow, slow.machine - TimeDelta::days(400));
        assert!(clock.now() > first.machine - TimeDelta::seconds(1));
        let fixed = Clock::fixed(first.machine);
        fixed.hear(fixed.ask(), first.machine - TimeDelta::days(1));
        assert_eq!(
            fixed.now().timestamp_millis(),
            first.machine.timestamp_millis(),
            "a test's clock heeds nobody"
        );
    }

    #[test]
    fn the_system_clock_runs_and_can_be_moved() {
        let clock = Clock::system();
        let before = clock.now();
        clock.set_offset(TimeDelta::days(1));
        assert!(clock.now() - before >= TimeDelta::days(1));
    }
}

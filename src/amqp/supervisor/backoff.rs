//! How long to wait before trying again: twice as long each time, with jitter, so that nodes do not come in step.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);
/// What stayed up this long starts over with the shortest wait.
const SETTLED: Duration = Duration::from_secs(10);

/// The waits between attempts at one thing.
#[derive(Debug, Default)]
pub(in crate::amqp) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after a failure of something that had worked for `lasted`.
    pub(in crate::amqp) fn after(&mut self, lasted: Duration) -> Duration {
        if lasted >= SETTLED {
            self.failures = 0;
        }
        let full = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures += 1;
        full.mul_f64(rand::random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_seconds_with_jitter() {
        let mut backoff = Backoff::default();
        for full in [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000] {
            let wait = backoff.after(Duration::ZERO);
            let full = Duration::from_millis(full);
            assert!(wait <= full && wait >= full / 2, "{wait:?} of {full:?}");
        }
    }

    #[test]
    fn what_stayed_up_is_tried_again_at_once() {
        let mut backoff = Backoff::default();
        for _ in 0..8 {
            backoff.after(Duration::ZERO);
        }
        assert!(backoff.after(SETTLED) <= FIRST);
    }
}

//! Stops offering mails to a server that is not there, and finds out when it is back with one mail at a time.

use std::time::Duration;

use tokio::time::Instant;

use super::transport::SendOutcome;

/// So many in a row mean the server, not chance.
const PATIENCE: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// Closed while the server answers; open, with a growing pause, while it does not.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// Times in a row that no server was there.
    absences: u32,
    pause_until: Option<Instant>,
}

impl Breaker {
    /// How many mails may be taken up now, where `free` could be and `under_way` are.
    pub(super) fn allowance(&self, now: Instant, free: usize, under_way: usize) -> usize {
        match self.pause_until {
            None => free,
            Some(until) if now < until => 0,
            Some(_) => free.min(1_usize.saturating_sub(under_way)),
        }
    }

    /// Whether the server counts as away.
    pub(super) fn is_open(&self) -> bool {
        self.pause_until.is_some()
    }

    pub(super) fn note(&mut self, now: Instant, outcome: &SendOutcome) {
        match outcome {
            // Mails under way when the pause began say nothing new.
            SendOutcome::Unavailable(_) if self.pause_until.is_some_and(|until| now < until) => {}
            SendOutcome::Unavailable(_) => {
                self.absences = self.absences.saturating_add(1);
                if self.absences >= PATIENCE {
                    let doublings = (self.absences - PATIENCE).min(10);
                    let pause = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
                    self.pause_until = Some(now + pause);
                }
            }
            // Whatever it said, it is there.
            SendOutcome::Sent(_)
            | SendOutcome::Temporary(_)
            | SendOutcome::Permanent(_)
            | SendOutcome::Unknown(_) => {
                *self = Self::default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> SendOutcome {
        SendOutcome::Unavailable("refused".to_owned())
    }

    #[test]
    fn opens_after_five_absences_and_probes_with_one() {
        let start = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker.note(start, &away());
        }
        assert_eq!(breaker.allowance(start, 16, 0), 16);
        breaker.note(start, &away());
        assert!(breaker.is_open());
        assert_eq!(breaker.allowance(start, 16, 0), 0);
        let later = start + FIRST_PAUSE;
        assert_eq!(breaker.allowance(later, 16, 0), 1);
        assert_eq!(breaker.allowance(later, 15, 1), 0, "one probe at a time");
    }

    #[test]
    fn pauses_grow_with_every_probe_to_their_limit() {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        let mut pauses = Vec::new();
        for _ in 0..PATIENCE - 1 {
            breaker.note(now, &away());
        }
        for _ in 0..8 {
            for _under_way_as_well in 0..16 {
                breaker.note(now, &away());
            }
            let until = breaker.pause_until.unwrap();
            pauses.push((until - now).as_secs());
            now = until;
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 120, 120, 120]);
    }

    #[test]
    fn any_answer_closes_it() {
        let now = Instant::now();
        for answer in [
            SendOutcome::Sent("250".to_owned()),
            SendOutcome::Temporary("450".to_owned()),
            SendOutcome::Permanent("550".to_owned()),
            SendOutcome::Unknown("silence".to_owned()),
        ] {
            let mut breaker = Breaker::default();
            for _ in 0..PATIENCE {
                breaker.note(now, &away());
            }
            breaker.note(now, &answer);
            assert_eq!(breaker.allowance(now, 16, 3), 16);
        }
    }
}

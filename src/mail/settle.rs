//! What a try means for the mail: when to try again, or not.

use std::time::Duration;

use super::transport::SendOutcome;
use crate::store::MailEnd;

/// Waits after the first, second ... try; the last one repeats until the time to give up.
const WAITS: [Duration; 5] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(6),
];

/// The end of try number `attempt` (1, 2, 3 ...).
pub(super) fn end_of(outcome: SendOutcome, attempt: u32) -> MailEnd {
    match outcome {
        SendOutcome::Sent(_) => MailEnd::Sent,
        SendOutcome::Unavailable(error) => MailEnd::Untried {
            after: WAITS[0],
            error,
        },
        SendOutcome::Temporary(error) => MailEnd::Retry {
            after: wait(attempt),
            error,
        },
        SendOutcome::Permanent(error) => MailEnd::Failed { error },
        SendOutcome::Unknown(error) => MailEnd::Unknown {
            after: wait(attempt),
            error,
        },
    }
}

fn wait(attempt: u32) -> Duration {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    WAITS[index.min(WAITS.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_end() {
        let error = || "why".to_owned();
        let (minute, five, half_hour) = (WAITS[0], WAITS[1], WAITS[2]);
        for (outcome, attempt, end) in [
            (SendOutcome::Sent(error()), 1, MailEnd::Sent),
            (
                SendOutcome::Temporary(error()),
                1,
                MailEnd::Retry {
                    after: minute,
                    error: error(),
                },
            ),
            (
                SendOutcome::Temporary(error()),
                2,
                MailEnd::Retry {
                    after: five,
                    error: error(),
                },
            ),
            (
                SendOutcome::Unknown(error()),
                3,
                MailEnd::Unknown {
                    after: half_hour,
                    error: error(),
                },
            ),
            (
                SendOutcome::Unavailable(error()),
                9,
                MailEnd::Untried {
                    after: minute,
                    error: error(),
                },
            ),
            (
                SendOutcome::Permanent(error()),
                1,
                MailEnd::Failed { error: error() },
            ),
        ] {
            assert_eq!(end_of(outcome, attempt), end);
        }
    }

    #[test]
    fn waits_grow_to_six_hours() {
        let minutes: Vec<u64> = [1, 2, 3, 4, 5, 6, 1_000]
            .map(|attempt| wait(attempt).as_secs() / 60)
            .into();
        assert_eq!(minutes, [1, 5, 30, 120, 360, 360, 360]);
    }
}

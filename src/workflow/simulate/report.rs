//! What came of a simulation.

use serde::Serialize;

use crate::domain::ids::SedeCode;

/// The sum of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimulationReport {
    pub workflow: String,
    pub requests: u64,
    /// Answers of sedi, to requests and to further messages.
    pub answered: u64,
    /// Requests without an answer at the end.
    pub waiting: u64,
    /// Questions that waited longer than the workflow allows.
    pub overdue: u32,
    /// Of all questions, between 0 and 1.
    pub overdue_rate: f64,
    pub first_solicits: u32,
    pub second_solicits: u32,
    /// Further messages of operators.
    pub messages: u32,
    pub appointments: u32,
    /// Days from question to answer.
    pub reply_days_median: u32,
    pub reply_days_p90: u32,
    pub reply_days_longest: u32,
    pub queues: Vec<QueueReport>,
}

/// How one sede fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueReport {
    pub sede: SedeCode,
    pub received: u64,
    pub answered: u64,
    /// The most that waited at the end of a day.
    pub longest: usize,
    /// What waited at the end.
    pub waiting: usize,
}

impl QueueReport {
    pub(super) const fn new(sede: SedeCode) -> Self {
        Self {
            sede,
            received: 0,
            answered: 0,
            longest: 0,
            waiting: 0,
        }
    }
}

/// What is counted on the way.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) overdue: u32,
    pub(super) first_solicits: u32,
    pub(super) second_solicits: u32,
    pub(super) messages: u32,
    pub(super) appointments: u32,
    /// Days each answer took.
    pub(super) replies: Vec<u32>,
}

impl Tally {
    pub(super) fn report(
        mut self,
        workflow: String,
        requests: usize,
        waiting: usize,
        queues: Vec<QueueReport>,
    ) -> SimulationReport {
        self.replies.sort_unstable();
        let requests = requests as u64;
        let questions = u32::try_from(requests + u64::from(self.messages)).unwrap_or(u32::MAX);
        SimulationReport {
            workflow,
            requests,
            answered: self.replies.len() as u64,
            waiting: waiting as u64,
            overdue: self.overdue,
            overdue_rate: f64::from(self.overdue) / f64::from(questions.max(1)),
            first_solicits: self.first_solicits,
            second_solicits: self.second_solicits,
            messages: self.messages,
            appointments: self.appointments,
            reply_days_median: at_rank(&self.replies, 50),
            reply_days_p90: at_rank(&self.replies, 90),
            reply_days_longest: self.replies.last().copied().unwrap_or_default(),
            queues,
        }
    }
}

/// The smallest value that so many percent do not exceed.
fn at_rank(sorted: &[u32], percent: usize) -> u32 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_values_that_were_seen() {
        let days: Vec<u32> = (1..=10).collect();
        assert_eq!(
            (at_rank(&days, 50), at_rank(&days, 90), at_rank(&days, 100)),
            (5, 9, 10)
        );
        assert_eq!((at_rank(&[], 50), at_rank(&[3], 1)), (0, 3));
    }
}

//! `[retention]`: how long each kind of row is kept before the janitor removes it.

use serde::{Deserialize, Serialize};

use super::check::Checks;
use super::interval::Interval;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Ids of messages taken: the time within which a resent message is recognised by its id.
    pub inbox: Interval,
    /// Sent messages.
    pub outbox: Interval,
    /// Dead letters that were replayed or discarded. Open ones are kept for ever.
    pub dead_letters: Interval,
    /// Sent mails.
    pub mails: Interval,
    /// Mails that failed for good, or of which nobody knows whether they were sent.
    pub unsent_mails: Interval,
    /// Finished runs of jobs.
    pub job_runs: Interval,
    /// Who did what, and who read whom. Whole months are dropped.
    pub audit: Interval,
}

/// What the law asks of logs of access, and what the database insists on.
const SHORTEST_AUDIT: Interval = Interval::from_days(184);

impl Default for Retention {
    fn default() -> Self {
        Self {
            inbox: Interval::from_days(35),
            outbox: Interval::from_days(35),
            dead_letters: Interval::from_days(365),
            mails: Interval::from_days(90),
            unsent_mails: Interval::from_days(365),
            job_runs: Interval::from_days(90),
            audit: Interval::from_days(731),
        }
    }
}

impl Retention {
    pub(super) fn check(&self, checks: &mut Checks) {
        if self.inbox < Interval::from_days(1) {
            checks.add(
                "retention.inbox",
                "is shorter than a day: a message resent later would be worked twice",
                "keep it longer than any portal retries, such as 35d",
            );
        }
        if self.audit < SHORTEST_AUDIT {
            checks.add(
                "retention.audit",
                "is shorter than six months",
                "keep it as long as the controller says, such as 731d",
            );
        }
        for (key, interval) in [
            ("retention.outbox", self.outbox),
            ("retention.dead_letters", self.dead_letters),
            ("retention.mails", self.mails),
            ("retention.unsent_mails", self.unsent_mails),
            ("retention.job_runs", self.job_runs),
        ] {
            checks.not_zero(key, interval);
        }
    }
}

//! What the ledger and the database say together: lost, doubled, gaps, inversions, stuck.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::Connection as _;
use tokio::time::Instant;

use crate::ledger::Ledger;
use crate::load::FILES;
use crate::world::World;

/// How long a message may still be under way when the load has ended. What a dead node had in hand is taken over within
/// 15 s; a mail whose living node could not write down its end waits for the end of its lease, here 65 s.
const STUCK_AFTER: Duration = Duration::from_mins(2);

/// What a run came to. Those of several runs add up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) requests: u64,
    pub(crate) published: u64,
    pub(crate) confirmed: u64,
    pub(crate) applied: u64,
    pub(crate) deliveries: u64,
    pub(crate) mails: u64,
    /// Deliveries and mails that came again under the id they had: allowed, and counted.
    pub(crate) repeated: u64,
    /// Confirmed and not applied, or applied and one of its effects never seen.
    pub(crate) lost: u64,
    /// One cause with two effects, or one effect under two ids.
    pub(crate) doubled: u64,
    pub(crate) gaps: u64,
    pub(crate) inversions: u64,
    /// Conversations that did not end, messages and mails that did not leave.
    pub(crate) stuck: u64,
    pub(crate) refused: u64,
    pub(crate) dead_letters: u64,
}

/// What the database holds at the end.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Message ids in the inbox.
    pub(crate) applied: BTreeSet<String>,
    /// Causes with more than one effect of a kind.
    pub(crate) doubled: u64,
    /// Numbers of a register that nobody has.
    pub(crate) numbers_missing: u64,
    /// Rows still in an outbox.
    pub(crate) unsent: u64,
    pub(crate) dead_letters: u64,
}

impl Facts {
    /// Read when everything left, or when it is clear that something never will.
    pub(crate) async fn gather(world: &World) -> Self {
        let unsent =
            "select (select count(*) from outbox) + (select count(*) from mail_outbox where state <> 'sent')";
        let until = Instant::now() + STUCK_AFTER;
        while world.count(unsent).await > 0 && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut connection = world.connection().await;
        let applied = sqlx::query_scalar::<_, String>("select message_id from inbox where outcome = 'done'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        let doubled = "select count(*) from (select 1 from case_event where caused_by is not null \
                       group by source, caused_by, kind having count(*) > 1) as twice";
        let missing = "select coalesce(sum(numbers.highest - numbers.given), 0)::bigint from \
                       (select max(protocol_sequence) as highest, count(distinct protocol_sequence) as given \
                        from cases group by protocol_office, protocol_year) as numbers";
        let count = async |query: &str| u64::try_from(world.count(query).await).unwrap();
        Self {
            applied: applied.into_iter().collect(),
            doubled: count(doubled).await,
            numbers_missing: count(missing).await,
            unsent: count(unsent).await,
            dead_letters: count("select count(*) from dead_letter").await,
        }
    }
}

impl Verdict {
    /// `mails`: the Message-IDs the mail server got, one for each time.
    pub(crate) fn of(ledger: &Ledger, facts: &Facts, mails: &[String]) -> Self {
        let mut verdict = Self {
            published: ledger.publishes.len() as u64,
            deliveries: ledger.deliveries,
            refused: ledger.refused.len() as u64,
            dead_letters: facts.dead_letters,
            doubled: facts.doubled,
            gaps: facts.numbers_missing,
            ..Self::default()
        };
        verdict.judge_publishes(ledger, facts);
        verdict.judge_sedi(ledger);
        verdict.judge_mails(ledger, mails);
        verdict.stuck += facts.unsent + verdict.requests - ledger.finished.len() as u64;
        verdict
    }

    fn judge_publishes(&mut self, ledger: &Ledger, facts: &Facts) {
        let requests: BTreeSet<&str> = ledger
            .publishes
            .values()
            .map(|publish| publish.request.as_str())
            .collect();
        self.requests = requests.len() as u64;
        for (id, publish) in &ledger.publishes {
            let applied = facts.applied.contains(id);
            let events = ledger.answers.get(id).map_or(&[][..], Vec::as_slice);
            self.confirmed += u64::from(publish.confirmed);
            self.applied += u64::from(applied);
            if (publish.confirmed && !applied) || (applied && events.is_empty()) {
                eprintln!("lost: {id} of {}, applied: {applied}", publish.request);
                self.lost += 1;
            }
            let mut ids: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for (kind, event) in events {
                ids.entry(kind).or_default().insert(event);
            }
            let different: usize = ids.values().map(BTreeSet::len).sum();
            if different > ids.len() {
                eprintln!("doubled: {id} caused {ids:?}");
            }
            self.doubled += (different - ids.len()) as u64;
            self.repeated += (events.len() - different) as u64;
        }
    }

    /// Every sede got 1, 2, 3 ... of each request, each under one id; what came before in order does not count again.
    fn judge_sedi(&mut self, ledger: &Ledger) {
        for ((_, request), messages) in &ledger.at_sedi {
            let mut seen: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
            let mut last = 0;
            for (seq, id) in messages {
                let ids = seen.entry(*seq).or_default();
                if ids.is_empty() {
                    self.inversions += u64::from(*seq < last);
                    last = last.max(*seq);
                }
                if !ids.insert(id) {
                    self.repeated += 1;
                }
            }
            self.doubled += seen.values().map(|ids| ids.len() as u64 - 1).sum::<u64>();
            self.gaps += (1..=last).filter(|seq| !seen.contains_key(seq)).count() as u64;
            if ledger.finished.contains(request) && last < FILES + 1 {
                self.lost += u64::from(FILES + 1 - last);
            }
        }
        let heard: BTreeSet<&str> = ledger
            .at_sedi
            .keys()
            .map(|(_, request)| request.as_str())
            .collect();
        let unheard = ledger
            .finished
            .iter()
            .filter(|request| !heard.contains(request.as_str()));
        self.lost += unheard.count() as u64;
    }

    /// Each finished conversation ended in one mail.
    fn judge_mails(&mut self, ledger: &Ledger, mails: &[String]) {
        let different: BTreeSet<&String> = mails.iter().collect();
        let wanted = ledger.finished.len();
        self.mails = different.len() as u64;
        self.repeated += (mails.len() - different.len()) as u64;
        self.lost += wanted.saturating_sub(different.len()) as u64;
        self.doubled += different.len().saturating_sub(wanted) as u64;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        let sum = |mine: &mut u64, theirs: u64| *mine += theirs;
        sum(&mut self.requests, other.requests);
        sum(&mut self.published, other.published);
        sum(&mut self.confirmed, other.confirmed);
        sum(&mut self.applied, other.applied);
        sum(&mut self.deliveries, other.deliveries);
        sum(&mut self.mails, other.mails);
        sum(&mut self.repeated, other.repeated);
        sum(&mut self.lost, other.lost);
        sum(&mut self.doubled, other.doubled);
        sum(&mut self.gaps, other.gaps);
        sum(&mut self.inversions, other.inversions);
        sum(&mut self.stuck, other.stuck);
        sum(&mut self.refused, other.refused);
        sum(&mut self.dead_letters, other.dead_letters);
    }

    /// Whether everything the engine promises was kept.
    pub(crate) const fn is_clean(&self) -> bool {
        self.lost == 0
            && self.doubled == 0
            && self.gaps == 0
            && self.inversions == 0
            && self.stuck == 0
            && self.refused == 0
            && self.dead_letters == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Delivery;

    fn delivery(queue: &str, id: &str, cause: &str, seq: Option<u32>) -> Delivery {
        Delivery {
            queue: queue.to_owned(),
            id: id.to_owned(),
            kind: "request.accepted".to_owned(),
            request: Some("r".to_owned()),
            cause: Some(cause.to_owned()),
            seq,
        }
    }

    /// One request, all of it as it should be.
    fn clean() -> (Ledger, Facts, Vec<String>) {
        let mut ledger = Ledger::default();
        for number in 0..=FILES + 1 {
            let id = format!("m{number}");
            ledger.published(&id, "r");
            ledger.confirmed(&id);
            ledger.delivered(delivery("portal.inca", &format!("p{number}"), &id, None));
            if number <= FILES {
                ledger.delivered(delivery(
                    "sede.701300",
                    &format!("s{number}"),
                    &id,
                    Some(number + 1),
                ));
            }
        }
        ledger.finished.insert("r".to_owned());
        let facts = Facts {
            applied: ledger.publishes.keys().cloned().collect(),
            ..Facts::default()
        };
        (ledger, facts, vec!["<mail>".to_owned()])
    }

    #[test]
    fn a_clean_ledger_is_clean_and_every_harm_is_seen() {
        let (ledger, facts, mails) = clean();
        let verdict = Verdict::of(&ledger, &facts, &mails);
        assert!(verdict.is_clean(), "{verdict:?}");

        let judged = |harm: &dyn Fn(&mut Ledger, &mut Facts, &mut Vec<String>)| {
            let (mut ledger, mut facts, mut mails) = clean();
            harm(&mut ledger, &mut facts, &mut mails);
            Verdict::of(&ledger, &facts, &mails)
        };
        assert_eq!(
            judged(&|_, facts, _| facts.applied.retain(|id| id != "m2")).lost,
            1
        );
        assert_eq!(judged(&|ledger, _, _| drop(ledger.answers.remove("m2"))).lost, 1);
        assert_eq!(judged(&|_, _, mails| mails.clear()).lost, 1);
        assert_eq!(judged(&|_, _, mails| mails.push("<other>".to_owned())).doubled, 1);
        let again = |id: &'static str, seq| {
            move |ledger: &mut Ledger, _: &mut Facts, _: &mut Vec<String>| {
                ledger.delivered(delivery("sede.701300", id, "m2", seq));
            }
        };
        assert_eq!(judged(&again("other", Some(3))).doubled, 1);
        let repeated = judged(&again("s2", Some(3)));
        assert!(repeated.is_clean() && repeated.repeated == 1, "{repeated:?}");
        assert_eq!(judged(&again("s9", Some(9))).gaps, 4);
        let swap = |ledger: &mut Ledger, _: &mut Facts, _: &mut Vec<String>| {
            ledger
                .at_sedi
                .values_mut()
                .for_each(|messages| messages.swap(0, 1));
        };
        assert_eq!(judged(&swap).inversions, 1);
        assert_eq!(judged(&|ledger, _, _| drop(ledger.finished.pop_first())).stuck, 1);
    }
}

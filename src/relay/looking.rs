//! Looking into the database for messages that nothing in memory will bring.
//!
//! A look leaves out what is queued, under way or confirmed and not yet marked, so nothing has to stop for it. It brings
//! a part at a time and lets what was handed over meanwhile go first: neither a backlog that another node wrote nor what
//! comes in here waits for the end of the other.

use std::collections::{BTreeSet, HashSet};

use futures::FutureExt as _;
use tokio::time::Instant;

use super::Relay;
use super::confirmer::Confirmer;
use crate::store::{LOOK, in_time};

/// Buckets to be looked through.
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// Another node wrote into these. What is handed over may leave before: it follows nothing but this node's own.
    told: BTreeSet<u16>,
    /// These may hold what comes before what is handed over, which is therefore left to the look.
    doubted: BTreeSet<u16>,
}

impl Unread {
    pub(super) fn tell(&mut self, buckets: impl IntoIterator<Item = u16>) {
        self.told.extend(buckets);
    }

    pub(super) fn doubt(&mut self, buckets: impl IntoIterator<Item = u16>) {
        self.doubted.extend(buckets);
    }

    pub(super) fn is_doubted(&self, bucket: u16) -> bool {
        self.doubted.contains(&bucket)
    }

    pub(super) fn forget(&mut self, gone: impl Fn(u16) -> bool) {
        self.told.retain(|bucket| !gone(*bucket));
        self.doubted.retain(|bucket| !gone(*bucket));
    }

    fn is_empty(&self) -> bool {
        self.told.is_empty() && self.doubted.is_empty()
    }

    fn buckets(&self) -> Vec<u16> {
        self.told.union(&self.doubted).copied().collect()
    }
}

/// Messages looks found, until so many slots are opened: those may repeat them.
#[derive(Debug, Default)]
pub(super) struct Found {
    messages: HashSet<i64>,
    repeats_until: u64,
}

impl Found {
    pub(super) fn contains(&self, message: i64) -> bool {
        self.messages.contains(&message)
    }

    /// They need not be remembered once every slot that may repeat them is opened.
    pub(super) fn forget_after(&mut self, opened: u64) {
        if opened >= self.repeats_until {
            self.messages.clear();
        }
    }

    fn remember(&mut self, messages: impl IntoIterator<Item = i64>, reserved: u64) {
        self.messages.extend(messages);
        self.repeats_until = reserved;
    }
}

impl Relay {
    /// When destinations that refused are tried again, or the database is looked at without being told.
    pub(super) fn next_look(&self) -> Instant {
        self.waiting
            .values()
            .copied()
            .min()
            .map_or(self.next_poll, |due| due.min(self.next_poll))
    }

    /// A poll asks first whether something waits that should be gone.
    pub(super) async fn time_to_look(&mut self) {
        let now = Instant::now();
        let due = self.waiting.extract_if(|_, until| *until <= now);
        let due: Vec<String> = due.map(|(name, _)| name).collect();
        self.next_poll = now + self.options.poll.mul_f64(rand::random_range(0.9..1.1));
        if !due.is_empty() {
            // What was held back stands in the database.
            self.doubt_everything();
        } else if self.is_overlooked().await {
            self.unread.tell(self.held.keys().copied());
        }
        self.tried_again.extend(due);
    }

    /// Whether a message has waited longer than what comes by memory takes. What cannot be asked is looked at.
    async fn is_overlooked(&self) -> bool {
        let buckets: Vec<u16> = self.held.keys().copied().collect();
        let held_back: Vec<String> = self.held_back().into_iter().collect();
        let longer = self.options.poll;
        let asked = in_time(self.store.has_waited(&buckets, &held_back, longer)).await;
        asked.unwrap_or(true)
    }

    /// What comes next is in the database alone, in order.
    pub(super) fn doubt_everything(&mut self) {
        self.queue.clear();
        self.unread.doubt(self.held.keys().copied());
    }

    /// Looks as long as there is room for what is found.
    pub(super) async fn look(&mut self, confirmer: &Confirmer) {
        while !self.unread.is_empty() && self.queue.len() < self.options.window {
            if let Some(opened) = self.tickets.next().now_or_never().flatten() {
                self.take(opened);
            }
            let buckets = self.unread.buckets();
            // By what this relay remembers, not by what the database says now: a message left out for a reason the
            // relay does not know would be overtaken by the next one handed over.
            let held_back: Vec<String> = self.held_back().into_iter().collect();
            let known = self.known(confirmer);
            let rows = match in_time(self.store.unsent(&buckets, &held_back, &known)).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::warn!(error = %error, "the outbox could not be read");
                    tokio::time::sleep(self.options.poll).await;
                    return;
                }
            };
            let ids = rows.iter().map(|row| row.id);
            self.found.remember(ids, self.tickets.reserved());
            self.found.forget_after(self.tickets.opened());
            if rows.len() < LOOK {
                self.unread = Unread::default();
            }
            self.queue.extend(rows);
            self.launch();
        }
    }

    /// Messages that would be found as unsent although they are on their way.
    pub(super) fn known(&self, confirmer: &Confirmer) -> Vec<i64> {
        let queued = self.queue.iter().map(|row| row.id);
        let mut known: Vec<i64> = queued.chain(self.flights.messages()).collect();
        known.extend(confirmer.unmarked());
        known
    }
}

//! The relay: from the outbox to queues of sedi and portals, each message until the broker confirms it.
//!
//! Every bucket is in the hands of one node. What this node commits reaches the relay in memory (`handoff`); what
//! other nodes commit, what was left over and what failed is found by looking into the database (`looking`), woken by
//! NOTIFY and by a slow poll. A destination that refuses or that people hold waits as a whole; the others do not notice.

mod buckets;
mod confirmer;
mod flights;
mod handoff;
mod leases;
mod looking;
mod message;
#[cfg(test)]
mod tests;
mod window;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::amqp::{Lost, Published, Publisher};
use crate::domain::ids::NodeName;
use crate::domain::pause::Pauses;
use crate::failpoint::{FailPoint, reached};
use crate::store::{OutboxRow, Store, in_time};

use confirmer::Confirmer;
use flights::{Flights, Landed};
use handoff::{Handed, Opened, Tickets};
use leases::{Held, Holding, LeaseKeeper};
use looking::{Found, Unread};
use message::why;

pub use handoff::{HandOff, Slot};

/// How long messages leave one by one after the broker closed a channel over one of many: those lost with it are the
/// first to leave again, and meanwhile the one shows itself.
const CAREFUL: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub struct RelayOptions {
    pub node: NodeName,
    pub buckets: u16,
    pub lease: Duration,
    /// How often the database is looked at without being told.
    pub poll: Duration,
    /// Messages in flight towards the broker.
    pub window: usize,
    pub longest_back_off: Duration,
}

/// Publishes what the engine queued.
pub struct Relay {
    store: Store,
    flights: Flights,
    options: RelayOptions,
    tickets: Tickets,
    held: Held,
    /// Held buckets that another node is to have once the slots reserved before `leave_after` are opened.
    leaving: BTreeSet<u16>,
    leave_after: u64,
    unread: Unread,
    found: Found,
    queue: VecDeque<OutboxRow>,
    /// Destinations that refused, until when.
    waiting: HashMap<String, Instant>,
    /// Destinations that waited long enough: one message taken ends it.
    tried_again: HashSet<String>,
    /// Destinations that people hold.
    pauses: watch::Receiver<Arc<Pauses>>,
    next_poll: Instant,
    /// The last window could not be sent at all.
    broker_away: bool,
    /// Until then messages leave one by one: the broker closed a channel over one of many.
    careful_until: Instant,
}

impl Relay {
    /// With as many windows under way at once as there are publishers.
    pub fn new(
        store: Store,
        publishers: Vec<Publisher>,
        pauses: watch::Receiver<Arc<Pauses>>,
        options: RelayOptions,
    ) -> (Self, HandOff) {
        let (handoff, tickets) = HandOff::new(options.buckets);
        let relay = Self {
            store,
            flights: Flights::by(publishers),
            options,
            tickets,
            held: Held::new(),
            leaving: BTreeSet::new(),
            leave_after: 0,
            unread: Unread::default(),
            found: Found::default(),
            queue: VecDeque::new(),
            waiting: HashMap::new(),
            tried_again: HashSet::new(),
            pauses,
            next_poll: Instant::now(),
            broker_away: false,
            careful_until: Instant::now(),
        };
        (relay, handoff)
    }

    /// Runs until `stop`; then publishes what was handed over. Its buckets are let go of as the node signs off.
    ///
    /// `told` carries buckets other nodes wrote into; an empty list means all.
    pub async fn run(mut self, mut told: mpsc::Receiver<Vec<u16>>, stop: CancellationToken) {
        let (held_sender, mut held) = watch::channel(Holding::default());
        let (done_with, done) = mpsc::unbounded_channel();
        let keeper = LeaseKeeper {
            store: self.store.clone(),
            node: self.options.node.clone(),
            buckets: self.options.buckets,
            lease: self.options.lease,
            done,
        };
        let keeper_stop = CancellationToken::new();
        let keeper = tokio::spawn(keeper.run(held_sender, keeper_stop.clone()));
        let confirmer = Confirmer::start(self.store.clone(), self.options.node.clone(), held.clone());
        self.remember_waiting().await;

        while !stop.is_cancelled() {
            if std::mem::take(&mut self.broker_away) {
                // The rest of what is under way hears the same.
                self.publish_queue(&confirmer).await;
                self.broker_away = false;
                self.wait_for_broker(&stop).await;
                continue;
            }
            let next_look = self.next_look();
            tokio::select! {
                () = stop.cancelled() => {}
                changed = held.changed() => {
                    if changed.is_ok() { let now = held.borrow_and_update().clone(); self.leases_changed(now); }
                }
                Some(landed) = self.flights.land() => { self.settle(landed, &confirmer).await; }
                Some(opened) = self.tickets.next(), if self.queue.len() < self.options.window => self.take(opened),
                Some(buckets) = told.recv() => self.told(&buckets),
                // What was held back stands in the database.
                Ok(()) = self.pauses.changed() => self.doubt_everything(),
                () = tokio::time::sleep_until(next_look) => self.time_to_look().await,
            }
            self.launch();
            self.look(&confirmer).await;
            if let Some(leases) = self.leave(&confirmer).await {
                let _ = done_with.send(leases);
            }
        }
        while !self.tickets.is_empty()
            && let Some(opened) = self.tickets.next().await
        {
            self.take(opened);
        }
        self.publish_queue(&confirmer).await;
        confirmer.idle().await;
        keeper_stop.cancel();
        if keeper.await.is_err() {
            tracing::error!("the keeper of relay leases panicked");
        }
    }

    /// Destinations that refused before this relay began still wait.
    async fn remember_waiting(&mut self) {
        let now = Instant::now();
        match in_time(self.store.backing_off()).await {
            Ok(waiting) => self
                .waiting
                .extend(waiting.into_iter().map(|(name, pause)| (name, now + pause))),
            Err(error) => tracing::warn!(error = %error, "waiting destinations are tried at once"),
        }
    }

    /// Destinations nothing leaves for now.
    fn held_back(&self) -> HashSet<String> {
        let held = self.pauses.borrow();
        let by_people = held.queues().map(str::to_owned);
        self.waiting.keys().cloned().chain(by_people).collect()
    }

    /// Takes this slot and every other one whose transaction has ended.
    fn take(&mut self, opened: Opened) {
        let mut next = Some(opened);
        while let Some(opened) = next {
            match opened {
                Opened::Filled(Handed { rows, look }) => {
                    let look = look.into_iter();
                    self.unread
                        .doubt(look.filter(|bucket| self.held.contains_key(bucket)));
                    self.queue.extend(rows.into_iter().filter(|row| {
                        self.held.contains_key(&row.bucket)
                            && !self.unread.is_doubted(row.bucket)
                            && !self.found.contains(row.id)
                    }));
                }
                Opened::Unfilled => self.doubt_everything(),
            }
            self.found.forget_after(self.tickets.opened());
            next = if self.queue.len() < self.options.window {
                self.tickets.next().now_or_never().flatten()
            } else {
                None
            };
        }
    }

    /// Slots are opened and left to the database (everything is in doubt), so that the longest outage costs no memory; the
    /// leases are renewed beside this.
    async fn wait_for_broker(&mut self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.flights.ready() => {
                    self.next_poll = Instant::now();
                    return;
                }
                Some(_) = self.tickets.next() => {}
            }
        }
    }

    /// Sends off as many windows of what is queued as there is room for.
    fn launch(&mut self) {
        while !self.queue.is_empty() && self.flights.has_room() {
            let held_back = self.held_back();
            let size = if Instant::now() < self.careful_until {
                1
            } else {
                self.options.window
            };
            let window = window::take_window(&mut self.queue, size, &held_back, self.flights.routes());
            if window.is_empty() {
                // All of the rest follows something that is under way.
                return;
            }
            self.flights.launch(window);
        }
    }

    /// Publishes everything queued, to the last confirm; false when messages were lost and the rest was given back.
    async fn publish_queue(&mut self, confirmer: &Confirmer) -> bool {
        let mut complete = true;
        loop {
            self.launch();
            match self.flights.land().await {
                Some(landed) => complete &= self.settle(landed, confirmer).await,
                None => return complete,
            }
        }
    }

    /// Books the outcome of a window; false when messages were lost with their channel: then all that waits is left to
    /// the database, where what was lost comes before it.
    async fn settle(&mut self, landed: Landed, confirmer: &Confirmer) -> bool {
        let alone = landed.messages.len() == 1;
        let mut taken = Vec::with_capacity(landed.messages.len());
        let mut refused: HashMap<String, (String, Vec<i64>)> = HashMap::new();
        let mut lost = None;
        let mut recovered = Vec::new();
        for (row, outcome) in landed.messages {
            match outcome {
                Published::Confirmed => {
                    taken.push(row.id);
                    if self.tried_again.remove(&row.destination) {
                        recovered.push(row.destination);
                    }
                }
                Published::Lost(reason) if !(alone && matches!(reason, Lost::Objected(_))) => {
                    lost = Some(reason);
                }
                Published::Unroutable { .. } | Published::Refused | Published::Lost(_) => {
                    let waiting = refused.entry(row.destination);
                    waiting
                        .or_insert_with(|| (why(&outcome), Vec::new()))
                        .1
                        .push(row.id);
                }
            }
        }
        if !taken.is_empty() {
            reached(FailPoint::Confirmed);
        }
        confirmer.confirmed(&taken);
        if let Err(error) = in_time(self.store.end_back_off(&recovered)).await {
            tracing::warn!(error = %error, "the end of a wait could not be noted");
        }
        for (destination, (reason, ids)) in refused {
            self.back_off(destination, &reason, &ids).await;
        }
        let Some(lost) = lost else { return true };
        self.lose(&lost);
        false
    }

    fn lose(&mut self, lost: &Lost) {
        match lost {
            Lost::Blocked | Lost::NotConnected => self.broker_away = true,
            Lost::Objected(_) => self.careful_until = Instant::now() + CAREFUL,
            Lost::Broken(_) | Lost::Silent => {}
        }
        if !self.broker_away {
            tracing::info!(reason = ?lost, "messages in flight were lost and will be published again");
        }
        self.doubt_everything();
    }

    async fn back_off(&mut self, destination: String, reason: &str, ids: &[i64]) {
        let longest = self.options.longest_back_off;
        let pause = match in_time(self.store.back_off(&destination, reason, ids, longest)).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(error = %error, "a waiting destination could not be noted");
                longest
            }
        };
        tracing::warn!(
            destination,
            reason,
            messages = ids.len(),
            pause_ms = pause.as_millis(),
            "destination waits"
        );
        self.waiting.insert(destination, Instant::now() + pause);
    }
}

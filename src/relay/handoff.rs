//! The way from a committed transaction to the relay of the same node without asking the database.
//!
//! The engine reserves a slot while it still holds the row locks of its batch, and fills it after the commit. The
//! relay takes slots in the order they were reserved, so the messages of one request stay in order although two
//! workers commit side by side. A slot that is dropped unfilled (rollback, unknown outcome) makes the relay look
//! into the database instead.
//!
//! What another node wrote of a request reaches the relay only by NOTIFY, perhaps later than what this node wrote
//! after it. So a message is handed over only where this node also wrote what came before it; otherwise the relay
//! looks into the database, which has all of it in order.
//!
//! What does not fit in memory is read back from the database, which costs it twice. A relay that only lags is therefore
//! waited for; one that is stuck, since the broker takes nothing, is not.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::timeout;

use crate::domain::ids::RequestId;
use crate::store::OutboxRow;

/// Rows waiting in memory beyond this many are left to the database: intake goes on while the broker is blocked,
/// and the node stays small.
const ROOM: usize = 10_000;
/// Beyond this many the relay lags: the next batch waits until it has taken some.
const LAG: usize = 2_000;
/// A relay that takes nothing for so long is stuck, and nobody waits for it until it moves again.
const STUCK: Duration = Duration::from_secs(1);
/// Requests remembered at most; of one forgotten the relay looks once more.
const REMEMBERED: usize = 200_000;

/// The engine's end.
#[derive(Debug, Clone)]
pub struct HandOff(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    tickets: mpsc::UnboundedSender<Ticket>,
    reserved: AtomicU64,
    waiting: AtomicUsize,
    /// A slot was opened.
    moved: Notify,
    stuck: AtomicBool,
    /// Buckets in this node's hands, by number.
    held: Box<[AtomicBool]>,
    /// The last event of each request that this node wrote.
    written: Mutex<HashMap<RequestId, u32>>,
}

/// A place in the order of commits.
#[derive(Debug)]
pub struct Slot {
    rows: oneshot::Sender<Handed>,
    shared: Arc<Shared>,
}

/// The relay's side of a slot.
#[derive(Debug)]
struct Ticket {
    rows: oneshot::Receiver<Handed>,
}

/// What a transaction queued.
#[derive(Debug, Default)]
pub(super) struct Handed {
    pub(super) rows: Vec<OutboxRow>,
    /// Buckets with messages that come after another node's.
    pub(super) look: BTreeSet<u16>,
}

/// What became of a slot.
#[derive(Debug)]
pub(super) enum Opened {
    Filled(Handed),
    /// It never will be filled: what its transaction queued, if anything, stands in the database alone.
    Unfilled,
}

/// The relay's end.
#[derive(Debug)]
pub(super) struct Tickets {
    receiver: mpsc::UnboundedReceiver<Ticket>,
    /// The one whose transaction has not ended yet.
    next: Option<Ticket>,
    opened: u64,
    shared: Arc<Shared>,
}

impl HandOff {
    pub(super) fn new(buckets: u16) -> (Self, Tickets) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            tickets: sender,
            reserved: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            moved: Notify::new(),
            stuck: AtomicBool::new(false),
            held: (0..buckets).map(|_| AtomicBool::new(false)).collect(),
            written: Mutex::default(),
        });
        let tickets = Tickets {
            receiver,
            next: None,
            opened: 0,
            shared: Arc::clone(&shared),
        };
        (Self(shared), tickets)
    }

    /// Whether messages of this bucket may be handed over in memory; otherwise other nodes have to be told.
    pub fn holds(&self, bucket: u16) -> bool {
        self.0
            .held
            .get(usize::from(bucket))
            .is_some_and(|held| held.load(Ordering::Acquire))
    }

    /// How many buckets share the work.
    pub fn buckets(&self) -> u16 {
        u16::try_from(self.0.held.len()).unwrap_or(u16::MAX)
    }

    /// Waits while the relay lags; to be called before a batch locks anything.
    pub async fn keep_pace(&self) {
        let shared = &self.0;
        while shared.waiting.load(Ordering::Acquire) > LAG
            && !shared.stuck.load(Ordering::Acquire)
            && !shared.tickets.is_closed()
        {
            let moved = shared.moved.notified();
            if shared.waiting.load(Ordering::Acquire) > LAG && timeout(STUCK, moved).await.is_err() {
                shared.stuck.store(true, Ordering::Release);
            }
        }
    }

    /// Reserves a place; to be called after the last write and before the commit.
    pub fn reserve(&self) -> Slot {
        let (rows, receiver) = oneshot::channel();
        self.0.reserved.fetch_add(1, Ordering::AcqRel);
        // A relay that stopped takes nothing: the rows stay in the database for the next one.
        let _ = self.0.tickets.send(Ticket { rows: receiver });
        Slot {
            rows,
            shared: Arc::clone(&self.0),
        }
    }
}

impl Slot {
    /// Fills the slot with what was committed: messages, and the events behind them by request and number.
    pub fn fill(self, rows: Vec<OutboxRow>, events: &[(RequestId, u32)]) {
        let after_others = self.shared.write_down(events);
        let (mut handed, mut look) = (Vec::with_capacity(rows.len()), BTreeSet::new());
        for row in rows {
            if row.request.is_some_and(|request| after_others.contains(&request)) {
                look.insert(row.bucket);
            } else {
                handed.push(row);
            }
        }
        let rows = handed;
        let count = rows.len();
        if self.shared.waiting.load(Ordering::Acquire) + count > ROOM {
            return; // dropped unfilled: the relay will find them in the database
        }
        self.shared.waiting.fetch_add(count, Ordering::AcqRel);
        if self.rows.send(Handed { rows, look }).is_err() {
            self.shared.waiting.fetch_sub(count, Ordering::AcqRel);
        }
    }
}

impl Shared {
    /// Remembers committed events; answers the requests whose events before these another node wrote.
    fn write_down(&self, events: &[(RequestId, u32)]) -> HashSet<RequestId> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.len() + events.len() > REMEMBERED {
            written.clear();
        }
        let mut after_others = HashSet::new();
        for &(request, seq) in events {
            let last = written.entry(request).or_insert(0);
            if *last != seq - 1 {
                after_others.insert(request);
            }
            *last = seq.max(*last);
        }
        after_others
    }
}

impl Tickets {
    /// How many slots were reserved so far.
    pub(super) fn reserved(&self) -> u64 {
        self.shared.reserved.load(Ordering::Acquire)
    }

    /// The next slot in order, once its transaction has ended; `None` when nobody is left to reserve one. May be
    /// dropped while it waits: nothing is lost.
    pub(super) async fn next(&mut self) -> Option<Opened> {
        if self.next.is_none() {
            self.next = self.receiver.recv().await;
        }
        let handed = (&mut self.next.as_mut()?.rows).await;
        self.next = None;
        self.opened += 1;
        self.shared.stuck.store(false, Ordering::Release);
        Some(handed.map_or(Opened::Unfilled, |handed| {
            self.shared.waiting.fetch_sub(handed.rows.len(), Ordering::AcqRel);
            self.shared.moved.notify_waiters();
            Opened::Filled(handed)
        }))
    }

    /// Whether every slot reserved so far was opened.
    pub(super) fn is_empty(&self) -> bool {
        self.next.is_none() && self.receiver.is_empty()
    }

    /// How many slots were opened so far.
    pub(super) fn opened(&self) -> u64 {
        self.opened
    }

    pub(super) fn set_held(&self, bucket: u16, held: bool) {
        if let Some(flag) = self.shared.held.get(usize::from(bucket)) {
            flag.store(held, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_what_follows_on_this_nodes_own_is_handed_over() {
        let (handoff, _tickets) = HandOff::new(1);
        let [ours, theirs] = [1, 2].map(|number| RequestId(Uuid::from_u128(number)));
        let write_down = |events: &[(RequestId, u32)]| handoff.0.write_down(events);
        assert_eq!(write_down(&[(ours, 1), (ours, 2)]), HashSet::new(), "opened here");
        assert_eq!(write_down(&[(ours, 3)]), HashSet::new());
        assert_eq!(write_down(&[(theirs, 3), (ours, 4)]), HashSet::from([theirs]));
        assert_eq!(
            write_down(&[(theirs, 4)]),
            HashSet::new(),
            "the relay has looked since"
        );
        assert_eq!(
            write_down(&[(ours, 6)]),
            HashSet::from([ours]),
            "the fifth was another's"
        );
    }
}

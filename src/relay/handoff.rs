//! The way from a committed transaction to the relay of the same node without asking the database.
//!
//! The engine reserves a slot while it still holds the row locks of its batch, and fills it after the commit. The
//! relay takes slots in the order they were reserved, so the messages of one request stay in order although two
//! workers commit side by side. A slot that is dropped unfilled (rollback, unknown outcome) makes the relay look
//! into the database instead.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::store::OutboxRow;

/// Rows waiting in memory beyond this many are left to the database: intake goes on while the broker is blocked,
/// and the node stays small.
const ROOM: usize = 10_000;

/// The engine's end.
#[derive(Debug, Clone)]
pub struct HandOff(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    tickets: mpsc::UnboundedSender<Ticket>,
    reserved: AtomicU64,
    waiting: AtomicUsize,
    /// Buckets in this node's hands, by number.
    held: Box<[AtomicBool]>,
}

/// A place in the order of commits.
#[derive(Debug)]
pub struct Slot {
    rows: oneshot::Sender<Vec<OutboxRow>>,
    shared: Arc<Shared>,
}

/// The relay's side of a slot.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) number: u64,
    pub(super) rows: oneshot::Receiver<Vec<OutboxRow>>,
}

/// The relay's end.
#[derive(Debug)]
pub(super) struct Tickets {
    pub(super) receiver: mpsc::UnboundedReceiver<Ticket>,
    shared: Arc<Shared>,
}

impl HandOff {
    pub(super) fn new(buckets: u16) -> (Self, Tickets) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            tickets: sender,
            reserved: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            held: (0..buckets).map(|_| AtomicBool::new(false)).collect(),
        });
        (Self(Arc::clone(&shared)), Tickets { receiver, shared })
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

    /// Reserves a place; to be called after the last write and before the commit.
    pub fn reserve(&self) -> Slot {
        let (rows, receiver) = oneshot::channel();
        let number = self.0.reserved.fetch_add(1, Ordering::AcqRel) + 1;
        // A relay that stopped takes nothing: the rows stay in the database for the next one.
        let _ = self.0.tickets.send(Ticket {
            number,
            rows: receiver,
        });
        Slot {
            rows,
            shared: Arc::clone(&self.0),
        }
    }
}

impl Slot {
    /// Fills the slot with what was committed.
    pub fn fill(self, rows: Vec<OutboxRow>) {
        let count = rows.len();
        if self.shared.waiting.load(Ordering::Acquire) + count > ROOM {
            return; // dropped unfilled: the relay will find them in the database
        }
        self.shared.waiting.fetch_add(count, Ordering::AcqRel);
        if let Err(rows) = self.rows.send(rows) {
            self.shared.waiting.fetch_sub(rows.len(), Ordering::AcqRel);
        }
    }
}

impl Tickets {
    /// The number of the last slot reserved so far.
    pub(super) fn last_reserved(&self) -> u64 {
        self.shared.reserved.load(Ordering::Acquire)
    }

    pub(super) fn taken(&self, rows: usize) {
        self.shared.waiting.fetch_sub(rows, Ordering::AcqRel);
    }

    pub(super) fn set_held(&self, bucket: u16, held: bool) {
        if let Some(flag) = self.shared.held.get(usize::from(bucket)) {
            flag.store(held, Ordering::Release);
        }
    }
}

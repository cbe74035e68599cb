//! How many bytes of bodies a node holds at once; what is over that stays at the broker.
//!
//! A prefetch counts messages, and RabbitMQ limits nothing else: a thousand messages with large attachments are
//! 9 GB. lapin reads whatever comes. So the stream itself is not read while the budget is spent, and TCP holds the
//! broker back. Acknowledgements are written meanwhile, and every one of them makes room. A body counts twice: once as it
//! came, to be kept byte for byte, and once as the command read from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;

/// How often a body stands in memory while its message is in hand.
const COPIES: usize = 2;

/// The bytes of one node. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<Account>);

#[derive(Debug)]
struct Account {
    limit: usize,
    /// Of deliveries not yet handled.
    in_hand: AtomicUsize,
    /// Read from the broker and not yet delivered by lapin.
    on_its_way: AtomicUsize,
    /// The stream that waits for room.
    reader: AtomicWaker,
}

/// The room of one delivery's body, given back when this is dropped.
#[derive(Debug)]
pub struct Hold {
    account: Arc<Account>,
    bytes: usize,
}

impl Budget {
    pub(super) fn of(limit: usize) -> Self {
        Self(Arc::new(Account {
            limit,
            in_hand: AtomicUsize::new(0),
            on_its_way: AtomicUsize::new(0),
            reader: AtomicWaker::new(),
        }))
    }

    /// What of a node's memory messages in hand may take.
    pub(super) fn of_memory(bytes: usize) -> Self {
        Self::of(bytes / COPIES)
    }

    /// For connections that consume nothing.
    pub(super) fn unlimited() -> Self {
        Self::of(usize::MAX)
    }

    /// A body of so many bytes was announced.
    pub(super) fn read(&self, bytes: usize) {
        self.0.on_its_way.fetch_add(bytes, Ordering::SeqCst);
    }

    /// A body read before is in hand now.
    pub(super) fn hold(&self, bytes: usize) -> Hold {
        self.0.in_hand.fetch_add(bytes, Ordering::SeqCst);
        let less = |on_its_way: usize| Some(on_its_way.saturating_sub(bytes));
        let _ = self
            .0
            .on_its_way
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        Hold {
            account: Arc::clone(&self.0),
            bytes,
        }
    }

    /// Nothing is on its way any more: the channel or connection it came by is gone.
    pub(super) fn forget_what_is_on_its_way(&self) {
        self.0.on_its_way.store(0, Ordering::SeqCst);
        self.0.reader.wake();
    }

    /// Whether another message may be begun.
    pub(super) fn has_room(&self) -> bool {
        self.0.has_room()
    }

    /// Ready when more may be read.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        if self.0.has_room() {
            return Poll::Ready(());
        }
        self.0.reader.register(cx.waker());
        // Room made before the waker was there has woken nobody.
        if self.0.has_room() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Account {
    /// Whether another message may be begun; one that is begun is read to its end, however large.
    fn has_room(&self) -> bool {
        let in_hand = self.in_hand.load(Ordering::SeqCst);
        in_hand.saturating_add(self.on_its_way.load(Ordering::SeqCst)) < self.limit
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.account.in_hand.fetch_sub(self.bytes, Ordering::SeqCst);
        self.account.reader.wake();
    }
}

#[cfg(test)]
mod tests {
    use futures::task::noop_waker_ref;

    use super::*;

    fn has_room(budget: &Budget) -> bool {
        budget
            .poll_room(&Context::from_waker(noop_waker_ref()))
            .is_ready()
    }

    #[test]
    fn what_is_in_hand_and_on_its_way_fill_it_together() {
        let budget = Budget::of(10);
        budget.read(6);
        let first = budget.hold(6);
        assert!(has_room(&budget));
        budget.read(4);
        assert!(!has_room(&budget));
        let second = budget.hold(4);
        assert!(!has_room(&budget), "delivering a message makes no room");
        drop(first);
        assert!(has_room(&budget));
        drop(second);
        assert!(has_room(&budget));
    }

    #[test]
    fn a_message_larger_than_all_of_it_comes_through() {
        let budget = Budget::of(10);
        budget.read(64);
        let hold = budget.hold(64);
        assert!(!has_room(&budget));
        drop(hold);
        assert!(has_room(&budget));
    }

    #[test]
    fn what_a_lost_channel_swallowed_takes_no_room() {
        let budget = Budget::of(10);
        let hold = budget.hold(1);
        budget.read(9);
        assert!(!has_room(&budget));
        budget.forget_what_is_on_its_way();
        assert!(has_room(&budget));
        drop(hold);
    }
}

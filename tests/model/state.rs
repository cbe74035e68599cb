//! What there is: broker, nodes, database and sede.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Message = u8;
pub(crate) type Seq = u8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Engine {
    Idle,
    Taken(Message),
    /// In its transaction, with what it read before the lock.
    Begun {
        message: Message,
        seen: bool,
        seq: Seq,
    },
    Committed(Message),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Relay {
    /// Of the lease it believes to hold.
    pub(crate) fence: Option<u8>,
    pub(crate) in_hand: Vec<(Seq, Message)>,
    /// Confirmed by the broker, not yet marked.
    pub(crate) confirmed: Option<Seq>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Node {
    pub(crate) engine: Engine,
    pub(crate) relay: Relay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    pub(crate) node: usize,
    pub(crate) fence: u8,
    pub(crate) valid: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// At the broker, neither acknowledged nor in anybody's hands; sorted.
    pub(crate) queue: Vec<Message>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) inbox: BTreeSet<Message>,
    /// The history of the request.
    pub(crate) effects: Vec<Message>,
    pub(crate) last_seq: Seq,
    pub(crate) outbox: BTreeMap<Seq, Message>,
    pub(crate) lease: Lease,
    /// What the sede made of its queue: the message behind each number, in the order they first came.
    pub(crate) sede: Vec<(Seq, Message)>,
    /// A mark by somebody whose lease was another's by then.
    pub(crate) stale_mark: bool,
    /// Crashes, ended leases, lost answers and full queues still to come.
    pub(crate) faults: u8,
}

impl Node {
    pub(crate) fn new() -> Self {
        let (engine, relay) = (Engine::Idle, Relay::default());
        Self { engine, relay }
    }
}

impl State {
    /// Nodes are alike: states that differ only in which is which are one.
    pub(crate) fn in_order(mut self) -> Self {
        let holder = self.lease.node;
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|&node| (&self.nodes[node], node == holder));
        self.lease.node = order.iter().position(|&node| node == holder).unwrap_or(holder);
        self.nodes = order.into_iter().map(|node| self.nodes[node].clone()).collect();
        self
    }

    pub(crate) fn is_done(&self) -> bool {
        let effects: BTreeSet<Message> = self.effects.iter().copied().collect();
        self.outbox.is_empty() && effects.len() == 2 && self.sede.len() == self.effects.len()
    }
}

//! Inbox, outbox and leases as states and steps.
//!
//! One request, one sede. `engine::handle` is `Take`, `Begin`, `Commit`, `Ack`; `relay` is `Acquire`, `Look`,
//! `Publish`, `Mark`. A stopped node needs no step of its own: it is one that takes none while its lease ends.

use std::collections::{BTreeMap, BTreeSet};

use stateright::{Model, Property};

use crate::state::{Engine, Lease, Message, Node, Relay, State};
use crate::{ALL_DONE, FENCED, NUMBERED, ONE_EFFECT, PUBLISHED};

/// What keeps the protocol right; each can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// A message seen before is not worked again.
    Inbox,
    /// Of two transactions that remember one message, the later fails.
    Unique,
    /// A delivery is acknowledged when its transaction has committed.
    AckAfterCommit,
    /// `case-seq` is drawn under the lock of the request.
    RowLock,
    /// Only the holder of the lease, by its fence, marks a message as sent.
    Fence,
    /// Two messages of one request are never in flight together.
    OneInFlight,
    /// A message is marked when the broker has confirmed it.
    MarkAfterConfirm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Take(usize, Message),
    Begin(usize),
    Commit(usize),
    /// It committed, and the answer was lost.
    CommitUnknown(usize),
    Ack(usize),
    Acquire(usize),
    Look(usize),
    Publish(usize),
    /// The sede's queue is full.
    Refuse(usize),
    Mark(usize),
    Crash(usize),
    LeaseEnds,
}

/// The system, with one guard taken away or none.
pub(crate) struct Protocol {
    pub(crate) nodes: usize,
    pub(crate) faults: u8,
    pub(crate) without: Option<Guard>,
}

impl Protocol {
    fn has(&self, guard: Guard) -> bool {
        self.without != Some(guard)
    }

    /// The transaction: either all of it or, where another was first, nothing.
    fn commit(&self, state: &mut State, node: usize, lost_answer: bool) {
        let Engine::Begun { message, seen, seq } = state.nodes[node].engine else {
            return;
        };
        let conflict =
            !seen && self.has(Guard::Unique) && self.has(Guard::Inbox) && state.inbox.contains(&message);
        if !seen && !conflict {
            let seq = if self.has(Guard::RowLock) {
                state.last_seq + 1
            } else {
                seq
            };
            state.inbox.insert(message);
            state.effects.push(message);
            state.last_seq = seq;
            state.outbox.insert(seq, message);
        }
        let again = conflict || lost_answer;
        state.nodes[node].engine = if again {
            Engine::Taken(message)
        } else {
            Engine::Committed(message)
        };
    }

    fn publish(&self, state: &mut State, node: usize) {
        let row = state.nodes[node].relay.in_hand.remove(0);
        state.nodes[node].relay.confirmed = self.has(Guard::MarkAfterConfirm).then_some(row.0);
        if !state.sede.contains(&row) {
            state.sede.push(row);
        }
    }

    fn mark(&self, state: &mut State, node: usize) {
        let relay = &mut state.nodes[node].relay;
        let seq = if self.has(Guard::MarkAfterConfirm) {
            relay.confirmed.take()
        } else {
            relay.in_hand.first().map(|(seq, _)| *seq)
        };
        let holds = state.lease.valid && state.lease.node == node && relay.fence == Some(state.lease.fence);
        if !holds && self.has(Guard::Fence) {
            *relay = Relay::default();
            return;
        }
        state.stale_mark |= !holds;
        state.outbox.retain(|unsent, _| Some(*unsent) != seq);
    }

    fn crash(state: &mut State, node: usize, acknowledged: bool) {
        let held = match state.nodes[node].engine {
            Engine::Idle => None,
            Engine::Taken(message) | Engine::Begun { message, .. } | Engine::Committed(message) => {
                Some(message)
            }
        };
        state.queue.extend(held.filter(|_| !acknowledged));
        state.queue.sort_unstable();
        state.nodes[node] = Node::new();
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            // The publisher heard no confirm of the first and sent it again.
            queue: vec![1, 1, 2],
            nodes: vec![Node::new(); self.nodes],
            inbox: BTreeSet::new(),
            effects: Vec::new(),
            last_seq: 0,
            outbox: BTreeMap::new(),
            lease: Lease {
                node: 0,
                fence: 0,
                valid: false,
            },
            sede: Vec::new(),
            stale_mark: false,
            faults: self.faults,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let fault = state.faults > 0;
        // Of a holder that knows it no more, a lease ends by itself; otherwise by the holder being stopped.
        let kept = state.nodes[state.lease.node].relay.fence == Some(state.lease.fence);
        if state.lease.valid && (fault || !kept) {
            actions.push(Action::LeaseEnds);
        }
        for (node, Node { engine, relay }) in state.nodes.iter().enumerate() {
            match engine {
                Engine::Idle => {
                    let messages: BTreeSet<Message> = state.queue.iter().copied().collect();
                    actions.extend(messages.into_iter().map(|message| Action::Take(node, message)));
                }
                Engine::Taken(_) => actions.push(Action::Begin(node)),
                Engine::Begun { .. } => {
                    actions.push(Action::Commit(node));
                    if fault {
                        actions.push(Action::CommitUnknown(node));
                    }
                }
                Engine::Committed(_) => actions.push(Action::Ack(node)),
            }
            let mark_first = !self.has(Guard::MarkAfterConfirm);
            let marked = relay
                .in_hand
                .first()
                .is_some_and(|(seq, _)| !state.outbox.contains_key(seq));
            if !state.lease.valid {
                actions.push(Action::Acquire(node));
            }
            if relay.confirmed.is_some() || (mark_first && !relay.in_hand.is_empty() && !marked) {
                actions.push(Action::Mark(node));
            } else if !relay.in_hand.is_empty() {
                actions.push(Action::Publish(node));
                if fault {
                    actions.push(Action::Refuse(node));
                }
            } else if relay.fence.is_some() && !state.outbox.is_empty() {
                actions.push(Action::Look(node));
            }
            if fault && state.nodes[node] != Node::new() {
                actions.push(Action::Crash(node));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Take(node, message) => {
                let place = state.queue.iter().position(|queued| *queued == message)?;
                state.queue.remove(place);
                state.nodes[node].engine = Engine::Taken(message);
            }
            Action::Begin(node) => {
                let Engine::Taken(message) = state.nodes[node].engine else {
                    return None;
                };
                let seen = self.has(Guard::Inbox) && state.inbox.contains(&message);
                let seq = state.last_seq + 1;
                state.nodes[node].engine = Engine::Begun { message, seen, seq };
            }
            Action::Commit(node) => self.commit(&mut state, node, false),
            Action::CommitUnknown(node) => {
                state.faults -= 1;
                self.commit(&mut state, node, true);
            }
            Action::Ack(node) => state.nodes[node].engine = Engine::Idle,
            Action::Acquire(node) => {
                let fence = state.lease.fence + 1;
                state.lease = Lease {
                    node,
                    fence,
                    valid: true,
                };
                state.nodes[node].relay.fence = Some(fence);
            }
            Action::Look(node) => {
                let unsent = state.outbox.iter().map(|(seq, message)| (*seq, *message));
                let window = if self.has(Guard::OneInFlight) { 1 } else { 2 };
                state.nodes[node].relay.in_hand = unsent.take(window).collect();
            }
            Action::Publish(node) => self.publish(&mut state, node),
            Action::Refuse(node) => {
                state.faults -= 1;
                state.nodes[node].relay.in_hand.remove(0);
            }
            Action::Mark(node) => self.mark(&mut state, node),
            Action::Crash(node) => {
                state.faults -= 1;
                Self::crash(&mut state, node, !self.has(Guard::AckAfterCommit));
            }
            Action::LeaseEnds => {
                let kept = state.nodes[state.lease.node].relay.fence == Some(state.lease.fence);
                state.faults -= u8::from(kept);
                state.lease.valid = false;
            }
        }
        Some(state.in_order())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_EFFECT, |_, state: &State| {
                let distinct: BTreeSet<_> = state.effects.iter().collect();
                distinct.len() == state.effects.len()
            }),
            Property::always(NUMBERED, |_, state: &State| {
                (1..)
                    .zip(&state.sede)
                    .all(|(expected, (seq, _))| *seq == expected)
            }),
            Property::always(PUBLISHED, |_, state: &State| {
                (1..=state.last_seq).all(|seq| {
                    state.outbox.contains_key(&seq) || state.sede.iter().any(|(seen, _)| *seen == seq)
                })
            }),
            Property::always(FENCED, |_, state: &State| !state.stale_mark),
            Property::eventually(ALL_DONE, |_, state: &State| state.is_done()),
        ]
    }
}

//! Where commands wait for a worker.
//!
//! A worker takes what came first, up to a batch: what it commits was delivered together and is acknowledged together.
//! What belongs to a request in another worker's hands stays behind, so commands of one request are handled in the
//! order they came in.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore};

use super::Item;
use super::door::Completion;
use crate::domain::ids::RequestId;

/// A command, and who is told of its outcome.
pub(super) struct Entry {
    pub(super) item: Item,
    pub(super) done: Completion,
}

/// What one worker takes at once, at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portion {
    pub(super) commands: usize,
    /// Of their messages together; a single one may be larger.
    pub(super) bytes: usize,
}

pub(super) struct Lobby {
    /// Free places; whoever comes waits for one.
    room: Semaphore,
    inside: Mutex<Inside>,
    /// There is something to take, or the lobby closed.
    news: Notify,
}

#[derive(Default)]
struct Inside {
    waiting: VecDeque<Entry>,
    /// Requests in workers' hands.
    in_hand: HashSet<RequestId>,
    /// Entries that wait or are in somebody's hands.
    unfinished: usize,
    closed: bool,
}

/// Entries in one worker's hands, with their requests, until they are dropped.
pub(super) struct InHand<'a> {
    pub(super) entries: Vec<Entry>,
    count: usize,
    requests: HashSet<RequestId>,
    lobby: &'a Lobby,
}

impl Lobby {
    pub(super) fn new(room: usize) -> Self {
        Self {
            room: Semaphore::new(room),
            inside: Mutex::default(),
            news: Notify::new(),
        }
    }

    /// Puts a command in, waiting while there is no room. One that comes after the end is dropped: its delivery stays
    /// unacknowledged and comes again.
    pub(super) async fn put(&self, entry: Entry) {
        let Ok(place) = self.room.acquire().await else {
            return;
        };
        place.forget();
        let mut inside = self.inside();
        inside.waiting.push_back(entry);
        inside.unfinished += 1;
        drop(inside);
        self.news.notify_one();
    }

    /// How many commands came in and are not finished.
    pub(super) fn unfinished(&self) -> usize {
        self.inside().unfinished
    }

    /// Takes nothing more in; what is in is still handled.
    pub(super) fn close(&self) {
        self.room.close();
        self.inside().closed = true;
        self.news.notify_waiters();
    }

    /// The next entries for a worker, once there are any; `None` after the end, when the rest is in others' hands.
    pub(super) async fn take(&self, most: Portion) -> Option<InHand<'_>> {
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let (entries, requests, closed) = {
                let mut inside = self.inside();
                let (entries, requests) = inside.pick(most);
                if !entries.is_empty() && !inside.waiting.is_empty() {
                    self.news.notify_one();
                }
                (entries, requests, inside.closed)
            };
            if !entries.is_empty() {
                self.room.add_permits(entries.len());
                return Some(InHand {
                    count: entries.len(),
                    entries,
                    requests,
                    lobby: self,
                });
            }
            if closed {
                return None;
            }
            news.await;
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn pick(&mut self, most: Portion) -> (Vec<Entry>, HashSet<RequestId>) {
        let (mut taken, mut requests, mut bytes) = (Vec::new(), HashSet::new(), 0);
        let mut left = VecDeque::new();
        while let Some(next) = self.waiting.pop_front() {
            bytes += next.item.size();
            if taken.len() == most.commands || !taken.is_empty() && bytes > most.bytes {
                left.push_back(next);
                break;
            }
            let request = next.item.request();
            if request.is_some_and(|request| self.in_hand.contains(&request)) {
                bytes -= next.item.size();
                left.push_back(next);
            } else {
                requests.extend(request);
                taken.push(next);
            }
        }
        left.append(&mut self.waiting);
        self.waiting = left;
        self.in_hand.extend(&requests);
        (taken, requests)
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Nobody knows what became of them: what follows for these requests would overtake them.
            return;
        }
        let mut inside = self.lobby.inside();
        for request in &self.requests {
            inside.in_hand.remove(request);
        }
        inside.unfinished -= self.count;
        drop(inside);
        // What stayed behind for these requests can be taken now, by whoever comes first.
        self.lobby.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::command::{BodyHash, CommandKind, Content, Envelope};
    use crate::domain::ids::{MessageId, PatronatoCode, Source};
    use crate::domain::refusal::Refusal;

    fn entry(number: usize, request: Option<u128>) -> Entry {
        let envelope = Envelope {
            source: Source::Portal(PatronatoCode::parse("inca").unwrap()),
            message_id: MessageId::parse(&number.to_string()).unwrap(),
            body_hash: BodyHash([0; 32]),
            trace_parent: None,
            request_id: request.map(|request| RequestId(Uuid::from_u128(request))),
            content: Content::Invalid {
                kind: CommandKind::Message,
                refusal: Refusal::request_unknown(),
            },
        };
        Entry {
            item: Item::Command {
                envelope: Arc::new(envelope),
                original: None,
            },
            done: Box::new(drop),
        }
    }

    fn number(entry: &Entry) -> usize {
        let Item::Command { envelope, .. } = &entry.item else {
            panic!("only commands were put in");
        };
        envelope.message_id.as_str().parse().unwrap()
    }

    const fn up_to(commands: usize) -> Portion {
        Portion { commands, bytes: 1 }
    }

    #[tokio::test]
    async fn what_came_together_is_taken_together() {
        let lobby = Lobby::new(10);
        for at in 0..6 {
            lobby.put(entry(at, Some(at as u128))).await;
        }
        let first = lobby.take(up_to(4)).await.unwrap();
        let second = lobby.take(up_to(4)).await.unwrap();
        let numbers = |taken: &InHand| taken.entries.iter().map(number).collect::<Vec<_>>();
        assert_eq!(numbers(&first), [0, 1, 2, 3]);
        assert_eq!(numbers(&second), [4, 5]);
    }

    #[tokio::test]
    async fn a_closed_lobby_gives_out_what_is_in_and_takes_nothing_more() {
        let lobby = Lobby::new(10);
        lobby.put(entry(0, None)).await;
        lobby.close();
        lobby.put(entry(1, None)).await;
        let taken = lobby.take(up_to(4)).await.unwrap();
        assert_eq!(taken.entries.len(), 1);
        assert!(lobby.take(up_to(4)).await.is_none());
    }

    #[tokio::test]
    async fn what_a_worker_panicked_over_is_overtaken_by_nothing() {
        let lobby = Arc::new(Lobby::new(10));
        for at in 0..3 {
            lobby.put(entry(at, Some(at as u128 / 2))).await;
        }
        let taking = Arc::clone(&lobby);
        let worker = tokio::spawn(async move {
            let _taken = taking.take(up_to(1)).await;
            panic!("on purpose");
        });
        assert!(worker.await.unwrap_err().is_panic());
        let taken = lobby.take(up_to(4)).await.unwrap();
        assert_eq!(taken.entries.iter().map(number).collect::<Vec<_>>(), [2]);
    }

    #[tokio::test]
    async fn whoever_comes_to_a_full_lobby_waits_for_a_place() {
        let lobby = Lobby::new(1);
        lobby.put(entry(0, None)).await;
        let mut late = std::pin::pin!(lobby.put(entry(1, None)));
        assert!(futures::poll!(&mut late).is_pending());
        let _taken = lobby.take(up_to(1)).await;
        assert!(futures::poll!(&mut late).is_ready());
    }

    proptest! {
        /// Workers take and finish in any order: everything is taken once, and what is of one request in its order,
        /// never by two workers at a time.
        #[test]
        fn commands_of_one_request_never_meet_or_overtake(
            requests in prop::collection::vec(prop::option::of(0_u128..4), 1..40),
            steps in prop::collection::vec((0_usize..3, 1_usize..6), 1..60),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let lobby = Lobby::new(requests.len());
                for (at, request) in requests.iter().enumerate() {
                    lobby.put(entry(at, *request)).await;
                }
                lobby.close();
                let mut hands: [Option<InHand>; 3] = [None, None, None];
                let mut taken = Vec::new();
                for (worker, most) in steps.into_iter().chain((0..3).cycle().map(|worker| (worker, 5)).take(200)) {
                    hands[worker] = None;
                    let Some(Some(next)) = futures::FutureExt::now_or_never(lobby.take(up_to(most))) else {
                        continue;
                    };
                    for other in hands.iter().flatten() {
                        prop_assert!(other.requests.is_disjoint(&next.requests));
                    }
                    taken.extend(next.entries.iter().map(number));
                    hands[worker] = Some(next);
                }
                for request in 0..4 {
                    let of_it = taken.iter().filter(|at| requests[**at] == Some(request));
                    prop_assert!(of_it.is_sorted());
                }
                taken.sort_unstable();
                prop_assert!(taken.into_iter().eq(0..requests.len()));
                Ok(())
            })?;
        }
    }
}

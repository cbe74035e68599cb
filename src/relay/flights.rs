//! Windows on their way to the broker, several at once, each on a channel of its own.
//!
//! One after the other they would each wait for the confirms of the one before. What a window holds of a request is
//! known as long as it is under way, so that nothing follows it to the same destination meanwhile.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::message::outgoing;
use super::window::{Route, route};
use crate::amqp::{Published, Publisher};
use crate::store::OutboxRow;

/// Windows of one relay and the channels they go by.
pub(super) struct Flights {
    publishers: Vec<Arc<Publisher>>,
    free: Vec<usize>,
    under_way: JoinSet<Landed>,
    routes: HashSet<Route>,
    messages: HashSet<i64>,
}

/// A window whose messages were all answered for.
pub(super) struct Landed {
    publisher: usize,
    pub(super) messages: Vec<(OutboxRow, Published)>,
}

impl Flights {
    pub(super) fn by(publishers: Vec<Publisher>) -> Self {
        Self {
            free: (0..publishers.len()).collect(),
            publishers: publishers.into_iter().map(Arc::new).collect(),
            under_way: JoinSet::new(),
            routes: HashSet::new(),
            messages: HashSet::new(),
        }
    }

    /// Waits until the broker takes messages.
    pub(super) async fn ready(&self) {
        match self.publishers.first() {
            Some(publisher) => publisher.ready().await,
            None => std::future::pending().await,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        !self.free.is_empty()
    }

    /// What may not be followed yet.
    pub(super) const fn routes(&self) -> &HashSet<Route> {
        &self.routes
    }

    /// The ids of what is under way.
    pub(super) fn messages(&self) -> impl Iterator<Item = i64> {
        self.messages.iter().copied()
    }

    /// Sends a window off; where there is no room for it nothing happens.
    pub(super) fn launch(&mut self, window: Vec<OutboxRow>) {
        let Some(number) = self.free.pop() else { return };
        let publisher = Arc::clone(&self.publishers[number]);
        let (rows, messages): (Vec<_>, Vec<_>) = window
            .into_iter()
            .filter_map(|row| outgoing(&row).map(|message| (row, message)))
            .unzip();
        self.routes.extend(rows.iter().filter_map(route));
        self.messages.extend(rows.iter().map(|row| row.id));
        self.under_way.spawn(async move {
            let outcomes = publisher.publish(messages).await;
            Landed {
                publisher: number,
                messages: rows.into_iter().zip(outcomes).collect(),
            }
        });
    }

    /// The next window that is answered for; `None` when none is under way.
    pub(super) async fn land(&mut self) -> Option<Landed> {
        let landed = match self.under_way.join_next().await? {
            Ok(landed) => landed,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only with the runtime.
                Err(_) => return None,
            },
        };
        self.free.push(landed.publisher);
        for (row, _) in &landed.messages {
            self.messages.remove(&row.id);
            if let Some(route) = route(row) {
                self.routes.remove(&route);
            }
        }
        Some(landed)
    }
}

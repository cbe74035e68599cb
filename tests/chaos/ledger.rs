//! What happened outside the engine: every publish, every delivery at a sede and at a portal. Nothing here asks the
//! engine or its database for anything.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// A command a client published.
#[derive(Debug, Clone)]
pub(crate) struct Publish {
    pub(crate) request: String,
    /// The broker said it has it.
    pub(crate) confirmed: bool,
}

/// A line of `client.py record`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) queue: String,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) request: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) seq: Option<u32>,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// By message id.
    pub(crate) publishes: BTreeMap<String, Publish>,
    /// By queue and request: number and message id, as they came.
    pub(crate) at_sedi: BTreeMap<(String, String), Vec<(u32, String)>>,
    /// By what caused them: queue with kind, and message id, as they came. A sede is told here when its command came
    /// again.
    pub(crate) answers: BTreeMap<String, Vec<(String, String)>>,
    /// Deliveries of any kind.
    pub(crate) deliveries: u64,
    pub(crate) refused: Vec<String>,
    /// Requests whose conversation came to its end.
    pub(crate) finished: BTreeSet<String>,
}

impl Ledger {
    pub(crate) fn published(&mut self, id: &str, request: &str) {
        let publish = Publish {
            request: request.to_owned(),
            confirmed: false,
        };
        self.publishes.insert(id.to_owned(), publish);
    }

    pub(crate) fn confirmed(&mut self, id: &str) {
        if let Some(publish) = self.publishes.get_mut(id) {
            publish.confirmed = true;
        }
    }

    pub(crate) fn delivered(&mut self, delivery: Delivery) {
        self.deliveries += 1;
        if delivery.kind == "command.refused" {
            self.refused.push(delivery.cause.clone().unwrap_or_default());
        }
        match (delivery.seq, delivery.request, delivery.cause) {
            (Some(seq), Some(request), _) => {
                let messages = self.at_sedi.entry((delivery.queue, request)).or_default();
                messages.push((seq, delivery.id));
            }
            (_, _, Some(cause)) => {
                let answers = self.answers.entry(cause).or_default();
                answers.push((format!("{} {}", delivery.queue, delivery.kind), delivery.id));
            }
            (None, _, None) | (Some(_), None, None) => {}
        }
    }
}

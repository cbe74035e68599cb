//! Queues that people hold: what is for them waits where it is, until they let it go or its time comes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::ids::text_id;

text_id!(
    /// A queue of the topology: `usciere.intake`, `sede.230001`, `portal.inca`.
    QueueName, "queue name", "^[A-Za-z0-9._-]{1,100}$", "1 to 100 of A-Z, a-z, 0-9, dot, _ and -",
    |text| (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
);

/// Who holds a queue, since when, until when and why. Machine time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Pause {
    pub by: String,
    pub since: DateTime<Utc>,
    /// `None`: until somebody resumes it.
    pub until: Option<DateTime<Utc>>,
    pub note: Option<String>,
}

/// Every queue that is held now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pauses(BTreeMap<String, Pause>);

impl Pauses {
    pub fn hold(&self, queue: &str) -> bool {
        self.0.contains_key(queue)
    }

    pub fn of(&self, queue: &str) -> Option<&Pause> {
        self.0.get(queue)
    }

    /// Whoever holds `queue` holds these too, unless they are held on their own.
    #[must_use]
    pub fn spread(mut self, queue: &str, others: impl IntoIterator<Item = String>) -> Self {
        if let Some(pause) = self.0.get(queue).cloned() {
            for other in others {
                self.0.entry(other).or_insert_with(|| pause.clone());
            }
        }
        self
    }

    pub fn queues(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl FromIterator<(QueueName, Pause)> for Pauses {
    fn from_iter<T: IntoIterator<Item = (QueueName, Pause)>>(pauses: T) -> Self {
        Self(
            pauses
                .into_iter()
                .map(|(queue, pause)| (queue.into(), pause))
                .collect(),
        )
    }
}

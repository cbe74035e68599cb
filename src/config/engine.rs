//! `[engine]`: how deliveries become batches.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineSettings {
    /// Most deliveries in one transaction.
    pub batch: NonZeroUsize,
    /// Batches worked at the same time.
    pub workers: NonZeroUsize,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            batch: NonZeroUsize::new(500).expect("not zero"),
            workers: NonZeroUsize::new(2).expect("not zero"),
        }
    }
}

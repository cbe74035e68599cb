//! What replaying would do, as far as reading the messages tells.

use schemars::JsonSchema;
use serde::Serialize;

use super::Fate;
use crate::domain::dead_letter::DeadLetterReason;
use crate::store::{DeadLetterId, Resolved};

/// One that was read again, and not worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rehearsed {
    pub id: DeadLetterId,
    /// It can be read today: replayed, the rules decide.
    pub readable: bool,
    /// Why it would not be worked.
    #[serde(flatten)]
    pub unfit: Option<Unfit>,
}

/// Why a dead letter cannot be worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Unfit {
    /// It still cannot be understood or trusted.
    StillDead {
        reason: DeadLetterReason,
        detail: String,
    },
    /// Somebody decided about it before.
    NotOpen { resolved: Resolved },
}

impl From<Unfit> for Fate {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::StillDead { reason, detail } => Self::StillDead { reason, detail },
            Unfit::NotOpen { resolved } => Self::NotOpen { resolved },
        }
    }
}

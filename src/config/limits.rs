//! `[limits]`: what a person may write and attach. What is beyond is refused, never cut.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::size::Size;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Characters of a text.
    pub text: NonZeroUsize,
    /// One attachment, decoded (6 MB in the manual, Figure 12).
    pub attachment: Size,
    /// Attachments of one message.
    pub attachments: NonZeroUsize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text: NonZeroUsize::new(4_000).expect("not zero"),
            attachment: Size::from_bytes(6 * 1_048_576),
            attachments: NonZeroUsize::new(10).expect("not zero"),
        }
    }
}

//! `[limits]`: what a message may weigh. What is beyond them is refused or dead-lettered, never cut.

use std::num::{NonZeroU32, NonZeroUsize};

use serde::{Deserialize, Serialize};

use super::check::Checks;
use super::size::Size;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Characters of a text written by a person.
    pub text: NonZeroUsize,
    /// Whole body of a message.
    pub body: Size,
    /// One attachment, decoded (6 MB in the manual, Figure 12).
    pub attachment: Size,
    /// Attachments of one message.
    pub attachments: NonZeroUsize,
    /// Nesting of a JSON body.
    pub json_depth: NonZeroU32,
    /// Headers of a message.
    pub headers: NonZeroUsize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text: NonZeroUsize::new(4_000).expect("not zero"),
            body: Size::from_bytes(9_000_000),
            attachment: Size::from_bytes(6 * 1_048_576),
            attachments: NonZeroUsize::new(10).expect("not zero"),
            json_depth: NonZeroU32::new(32).expect("not zero"),
            headers: NonZeroUsize::new(64).expect("not zero"),
        }
    }
}

impl Limits {
    pub(super) fn check(&self, checks: &mut Checks) {
        // Base64 writes 3 bytes as 4.
        if self.attachment.bytes() / 3 * 4 > self.body.bytes() {
            checks.add(
                "limits.attachment",
                "is more than a body of limits.body can carry in base64",
                "make limits.body at least four thirds of it",
            );
        }
    }
}

//! What the virus scanner knows of a file.

use super::super::event::words;
use super::super::refusal::{Refusal, RefusalCode};

words!(
    /// What is known of a file.
    ScanState {
        /// No scanner was configured when it came.
        Unchecked = "unchecked",
        /// The scanner was away: nobody gets the file before it looked.
        Pending = "pending",
        Clean = "clean",
        /// A virus was found: nobody gets the file.
        Quarantined = "quarantined",
    }
);

impl ScanState {
    pub const fn may_be_fetched(self) -> bool {
        match self {
            Self::Unchecked | Self::Clean => true,
            Self::Pending | Self::Quarantined => false,
        }
    }
}

/// A file in which a virus was found is not taken in.
pub fn infected(name: &str) -> Refusal {
    let message = format!("Nel file «{name}» è stato trovato un virus: non può essere allegato.");
    Refusal::new(RefusalCode::AttachmentType, message)
}

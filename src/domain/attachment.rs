//! Files of a message: what may be attached, under which name, and what is kept of it.
//!
//! A file is judged by its name and by its content, which must agree. Bytes are kept elsewhere, by their hash;
//! events and messages carry [`StoredAttachment`].

mod file_name;
mod media_type;
mod prepare;
mod scan;

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ids::text_id;

pub use file_name::clean_file_name;
pub use media_type::MediaType;
pub use prepare::{Complaints, Prepared, PreparedContent, check_claim, check_file, check_total, prepare};
pub use scan::{ScanState, infected};

text_id!(
    /// The SHA-256 of a file: its name in the store.
    Sha256Hex, "sha256", "^[0-9a-f]{64}$", "64 lower-case hexadecimal digits",
    |text| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
);

impl Sha256Hex {
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_digest(&Sha256::digest(bytes))
    }

    /// Of a digest that was computed elsewhere.
    pub fn from_digest(digest: &[u8]) -> Self {
        use fmt::Write;

        let mut hex = String::with_capacity(64);
        for byte in digest {
            write!(hex, "{byte:02x}").expect("a String takes everything");
        }
        Self(hex.into())
    }
}

/// A file as history and messages name it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StoredAttachment {
    /// As its sender called it, cleaned; personal.
    pub name: String,
    pub sha256: Sha256Hex,
    /// In bytes.
    pub size: u64,
    pub media_type: MediaType,
}

impl fmt::Debug for StoredAttachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("StoredAttachment");
        shown
            .field("sha256", &self.sha256)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// A file that is kept, with what the scanner knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    pub file: StoredAttachment,
    pub scan: ScanState,
}

/// A file that came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFile {
    pub size: u64,
    pub media_type: MediaType,
    pub scan: ScanState,
    /// It was brought or used by whoever asks, who may therefore name it by its hash.
    pub own: bool,
}

/// How much may be attached (R-064: 6 MB, taken as per file).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachmentLimits {
    /// Bytes of one file.
    pub file: u64,
    /// Files of one message.
    pub files: usize,
    /// Bytes of all files of one message.
    pub message: u64,
}

const MIB: u64 = 1024 * 1024;

impl Default for AttachmentLimits {
    fn default() -> Self {
        Self {
            file: 6 * MIB,
            files: 10,
            message: 20 * MIB,
        }
    }
}

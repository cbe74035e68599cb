//! (placeholder until the real one is merged)
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAttachment {
    pub name: String,
    pub sha256: String,
    pub size: u64,
    pub media_type: String,
}

//! (placeholder until the real one is merged)
use super::command::AttachmentInput;
use super::refusal::Refusal;
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAttachment {
    pub name: String,
    pub sha256: String,
    pub size: u64,
    pub media_type: String,
}
#[derive(Debug, Clone)]
pub struct AttachmentLimits;
pub struct Prepared;
pub fn prepare(_: &[AttachmentInput], _: &AttachmentLimits) -> Result<Vec<Prepared>, Refusal> {
    Ok(vec![])
}
impl From<&crate::config::limits::Limits> for AttachmentLimits { fn from(_: &crate::config::limits::Limits) -> Self { Self } }

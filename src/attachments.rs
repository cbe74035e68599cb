//! Where the bytes of attachments are kept: by their SHA-256, so that storing one twice changes nothing.
//!
//! Relies on `object_store`: a folder now (written through to the disk before it is acknowledged), S3 with the same
//! calls. Nothing a sender wrote becomes part of a path.

use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path as Location;
use object_store::{Error as StoreFault, ObjectStore, ObjectStoreExt};

use crate::config::attachments::AttachmentsUrl;
use crate::config::limits::Limits;
use crate::domain::attachment::{
    AttachmentLimits, Complaints, MediaType, Prepared, PreparedContent, Sha256Hex, StoredAttachment,
    check_file, check_total,
};
use crate::domain::refusal::{Refusal, RefusalCode};

/// What can go wrong with the attachments' store.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// Away, full or not writable: try again later.
    #[error("the attachment store does not answer")]
    Unavailable(#[source] StoreFault),
    /// The bytes under a hash are others: the disk or somebody changed them.
    #[error("attachment {0} was altered in the store")]
    Altered(Sha256Hex),
}

impl From<&Limits> for AttachmentLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            file: limits.attachment.bytes(),
            files: limits.attachments.get(),
            ..Self::default()
        }
    }
}

/// Files by their hash.
#[derive(Debug, Clone)]
pub struct AttachmentStore {
    files: Arc<dyn ObjectStore>,
}

impl AttachmentStore {
    /// Opens the place the settings name; a folder is made when it is not there.
    pub fn open(url: &AttachmentsUrl) -> Result<Self, AttachmentError> {
        let folder = url.folder();
        std::fs::create_dir_all(folder).map_err(|source| {
            let source = Box::new(source);
            AttachmentError::Unavailable(StoreFault::Generic {
                store: "LocalFileSystem",
                source,
            })
        })?;
        let files = LocalFileSystem::new_with_prefix(folder).map_err(AttachmentError::Unavailable)?;
        Ok(Self {
            files: Arc::new(files.with_fsync(true)),
        })
    }

    /// Stores a file that was judged before ([`check_file`]).
    pub async fn put(&self, bytes: Vec<u8>) -> Result<Sha256Hex, AttachmentError> {
        let sha256 = Sha256Hex::of(&bytes);
        self.write(&sha256, bytes).await?;
        Ok(sha256)
    }

    /// Whether there are bytes under a hash.
    pub async fn exists(&self, sha256: &Sha256Hex) -> Result<bool, AttachmentError> {
        Ok(self.size(sha256).await?.is_some())
    }

    /// The bytes, checked against their hash; `None` when there are none.
    pub async fn get(&self, sha256: &Sha256Hex) -> Result<Option<Vec<u8>>, AttachmentError> {
        let bytes = match self.files.get(&location(sha256)).await {
            Ok(found) => Vec::from(found.bytes().await.map_err(AttachmentError::Unavailable)?),
            Err(StoreFault::NotFound { .. }) => return Ok(None),
            Err(other) => return Err(AttachmentError::Unavailable(other)),
        };
        if Sha256Hex::of(&bytes) == *sha256 {
            Ok(Some(bytes))
        } else {
            Err(AttachmentError::Altered(sha256.clone()))
        }
    }

    /// Stores the files of a message, all or (when one is refused) none; what was uploaded before is looked up and
    /// judged like the rest.
    pub async fn store(
        &self,
        prepared: Vec<Prepared>,
        limits: &AttachmentLimits,
    ) -> Result<Result<Vec<StoredAttachment>, Refusal>, AttachmentError> {
        let mut complaints = Complaints::default();
        let mut stored = Vec::with_capacity(prepared.len());
        let mut unwritten = Vec::new();
        for file in prepared {
            match file.content {
                PreparedContent::Inline(bytes) => {
                    let sha256 = Sha256Hex::of(&bytes);
                    stored.push(described(file.name, file.media_type, &sha256, &bytes));
                    unwritten.push((sha256, bytes));
                }
                PreparedContent::Uploaded(sha256) => {
                    let bytes = self.get(&sha256).await?;
                    match judge_uploaded(bytes.as_deref(), &file.name, limits) {
                        Ok((media_type, bytes)) => {
                            stored.push(described(file.name, media_type, &sha256, bytes));
                        }
                        Err(refusal) => {
                            let pointer = format!("/attachments/{}/sha256", file.index);
                            complaints.add(refusal.code, pointer, refusal.message);
                        }
                    }
                }
            }
        }
        check_total(stored.iter().map(|file| file.size).sum(), limits, &mut complaints);
        if let Err(refusal) = complaints.or(()) {
            return Ok(Err(refusal));
        }
        for (sha256, bytes) in unwritten {
            self.write(&sha256, bytes).await?;
        }
        Ok(Ok(stored))
    }

    /// Writes bytes under their hash unless they are there.
    async fn write(&self, sha256: &Sha256Hex, bytes: Vec<u8>) -> Result<(), AttachmentError> {
        if self.size(sha256).await? == Some(length(&bytes)) {
            return Ok(());
        }
        let written = self.files.put(&location(sha256), bytes.into()).await;
        written.map(|_| ()).map_err(AttachmentError::Unavailable)
    }

    async fn size(&self, sha256: &Sha256Hex) -> Result<Option<u64>, AttachmentError> {
        match self.files.head(&location(sha256)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(StoreFault::NotFound { .. }) => Ok(None),
            Err(other) => Err(AttachmentError::Unavailable(other)),
        }
    }
}

/// `ab/ab12..`: folders stay small, and only hexadecimal digits become a path.
fn location(sha256: &Sha256Hex) -> Location {
    let hex = sha256.as_str();
    Location::from_iter([&hex[..2], hex])
}

fn judge_uploaded<'a>(
    bytes: Option<&'a [u8]>,
    name: &str,
    limits: &AttachmentLimits,
) -> Result<(MediaType, &'a [u8]), Refusal> {
    let Some(bytes) = bytes else {
        let message = format!("Il file «{name}» non è stato caricato.");
        return Err(Refusal::new(RefusalCode::AttachmentMissing, message));
    };
    check_file(name, bytes, limits).map(|media_type| (media_type, bytes))
}

fn described(name: String, media_type: MediaType, sha256: &Sha256Hex, bytes: &[u8]) -> StoredAttachment {
    StoredAttachment {
        name,
        sha256: sha256.clone(),
        size: length(bytes),
        media_type,
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

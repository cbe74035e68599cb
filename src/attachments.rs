//! Where the bytes of attachments are kept: by their SHA-256, so that storing one twice changes nothing; and the port
//! to whatever looks for viruses in them.
//!
//! Relies on `object_store`: a folder (written through to the disk before it is acknowledged), or S3 with the same
//! calls. Nothing a sender wrote becomes part of a path.

mod circuit;
mod clamd;
mod place;
mod scanner;
mod stream;

use std::sync::Arc;

use futures::StreamExt as _;
use object_store::path::Path as Location;
use object_store::{Error as StoreFault, ObjectStore, ObjectStoreExt};
use tokio::sync::watch;

use crate::config::attachments::AttachmentsSettings;
use crate::config::limits::Limits;
use crate::domain::attachment::{
    AttachmentLimits, Complaints, Filed, KnownFile, Prepared, PreparedContent, ScanState, Sha256Hex,
    StoredAttachment, check_claim, check_total, infected,
};
use crate::domain::refusal::{Refusal, RefusalCode};

use circuit::Circuit;

pub use circuit::Standing;
pub use scanner::{Scan, Scanner, ScannerFault, Verdict};
pub use stream::FileStream;

/// What can go wrong with the attachments' store.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// Away, full or not writable: try again later.
    #[error("the attachment store does not answer")]
    Unavailable(#[source] StoreFault),
    /// It was away a moment ago, and is not asked until it is back.
    #[error("the attachment store is away")]
    Away,
    /// The bytes under a hash are others: the disk or somebody changed them.
    #[error("attachment {0} was altered in the store")]
    Altered(Sha256Hex),
}

impl AttachmentError {
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Away => true,
            Self::Altered(_) => false,
        }
    }
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
    circuit: Arc<Circuit>,
    scanner: Scanner,
}

impl AttachmentStore {
    /// Opens the place the settings name; a folder is made when it is not there.
    pub fn open(settings: &AttachmentsSettings) -> Result<Self, AttachmentError> {
        let files = place::open(&settings.url).map_err(AttachmentError::Unavailable)?;
        Ok(Self {
            circuit: Arc::new(Circuit::new(Arc::clone(&files))),
            files,
            scanner: Scanner::open(&settings.scanner),
        })
    }

    pub const fn scanner(&self) -> &Scanner {
        &self.scanner
    }

    /// How the place stands, by what messages with files met.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.circuit.watch()
    }

    /// Whether the place is there and lets us look; changes nothing.
    pub async fn reach(&self) -> Result<(), AttachmentError> {
        let first = self.files.list(None).next().await.transpose();
        first.map(|_| ()).map_err(AttachmentError::Unavailable)
    }

    /// Stores a file that was judged before ([`crate::domain::attachment::check_file`]).
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

    /// The bytes as they come; `None` when there are none. Altered ones are never given to their end.
    pub async fn stream(&self, sha256: &Sha256Hex) -> Result<Option<FileStream>, AttachmentError> {
        match self.files.get(&location(sha256)).await {
            Ok(found) => Ok(Some(FileStream::checked(found, sha256.clone()))),
            Err(StoreFault::NotFound { .. }) => Ok(None),
            Err(other) => Err(AttachmentError::Unavailable(other)),
        }
    }

    /// Keeps the files of a message, all or (when one is refused) none. Beside each stands what is known of its bytes:
    /// one that was uploaded before must be its sender's own, one that was scanned before is not scanned again. A place
    /// that is away costs one message its patience; all others are told at once, until it is back.
    pub async fn store(
        &self,
        prepared: Vec<(Option<KnownFile>, Prepared)>,
        limits: &AttachmentLimits,
    ) -> Result<Result<Vec<Filed>, Refusal>, AttachmentError> {
        if prepared.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        if self.circuit.is_open() {
            return Err(AttachmentError::Away);
        }
        let stored = self.store_now(prepared, limits).await;
        if stored.as_ref().is_err_and(AttachmentError::is_passing) {
            self.circuit.open();
        }
        stored
    }

    async fn store_now(
        &self,
        prepared: Vec<(Option<KnownFile>, Prepared)>,
        limits: &AttachmentLimits,
    ) -> Result<Result<Vec<Filed>, Refusal>, AttachmentError> {
        let mut complaints = Complaints::default();
        let mut filed = Vec::with_capacity(prepared.len());
        let mut unwritten = Vec::new();
        for (known, file) in prepared {
            let place = match file.content {
                PreparedContent::Inline(_) => "content_base64",
                PreparedContent::Uploaded => "sha256",
            };
            let judged = match &file.content {
                PreparedContent::Inline(bytes) => Ok((length(bytes), self.look_again(known, bytes).await)),
                PreparedContent::Uploaded => self.uploaded(known, &file, limits).await?,
            };
            let judged = judged.and_then(|(size, scan)| accepted(&file, size, scan));
            match judged {
                Ok(one) => {
                    if let PreparedContent::Inline(bytes) = file.content {
                        unwritten.push((file.sha256, bytes));
                    }
                    filed.push(one);
                }
                Err(refusal) => {
                    let pointer = format!("/attachments/{}/{place}", file.index);
                    complaints.add(refusal.code, pointer, refusal.message);
                }
            }
        }
        check_total(
            filed.iter().map(|one| one.file.size).sum(),
            limits,
            &mut complaints,
        );
        if let Err(refusal) = complaints.or(()) {
            return Ok(Err(refusal));
        }
        for (sha256, bytes) in unwritten {
            self.write(&sha256, bytes).await?;
        }
        Ok(Ok(filed))
    }

    /// A verdict stays; whatever is less is looked at again.
    pub async fn look_again(&self, known: Option<KnownFile>, bytes: &[u8]) -> ScanState {
        match known.map(|known| known.scan) {
            Some(verdict @ (ScanState::Clean | ScanState::Quarantined)) => verdict,
            Some(ScanState::Unchecked | ScanState::Pending) | None => self.scanner.judge(bytes).await,
        }
    }

    /// A file named by its hash.
    async fn uploaded(
        &self,
        known: Option<KnownFile>,
        file: &Prepared,
        limits: &AttachmentLimits,
    ) -> Result<Result<(u64, ScanState), Refusal>, AttachmentError> {
        let known = known.filter(|known| known.own);
        let there = known.is_some() && self.exists(&file.sha256).await?;
        let Some(known) = known.filter(|_| there) else {
            let message = format!("Il file «{}» non è stato caricato.", file.name);
            return Ok(Err(Refusal::new(RefusalCode::AttachmentMissing, message)));
        };
        let claim = check_claim(&file.name, known.size, known.media_type, limits);
        Ok(claim.map(|()| (known.size, known.scan)))
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

fn accepted(file: &Prepared, size: u64, scan: ScanState) -> Result<Filed, Refusal> {
    match scan {
        ScanState::Quarantined => Err(infected(&file.name)),
        ScanState::Unchecked | ScanState::Pending | ScanState::Clean => Ok(Filed {
            file: StoredAttachment {
                name: file.name.clone(),
                sha256: file.sha256.clone(),
                size,
                media_type: file.media_type,
            },
            scan,
        }),
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

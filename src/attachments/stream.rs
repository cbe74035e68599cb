//! A file on its way out, checked against its hash as it goes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_stream::try_stream;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use object_store::GetResult;
use sha2::{Digest as _, Sha256};

use super::AttachmentError;
use crate::domain::attachment::Sha256Hex;

/// The bytes of a file, in order. The last of them come only when all are those of its hash.
pub struct FileStream(BoxStream<'static, Result<Bytes, AttachmentError>>);

impl FileStream {
    pub(super) fn checked(found: GetResult, sha256: Sha256Hex) -> Self {
        let mut chunks = found.into_stream();
        let checked = try_stream! {
            let mut hasher = Sha256::new();
            let mut held: Option<Bytes> = None;
            while let Some(chunk) = chunks.next().await {
                let chunk = chunk.map_err(AttachmentError::Unavailable)?;
                hasher.update(&chunk);
                if let Some(before) = held.replace(chunk) {
                    yield before;
                }
            }
            if Sha256Hex::from_digest(&hasher.finalize()) != sha256 {
                Err(AttachmentError::Altered(sha256))?;
            }
            if let Some(last) = held {
                yield last;
            }
        };
        Self(checked.boxed())
    }
}

impl Stream for FileStream {
    type Item = Result<Bytes, AttachmentError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileStream")
    }
}

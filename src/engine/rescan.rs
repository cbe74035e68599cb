//! The later look at files that were taken in while no scanner answered.

use metrics::gauge;

use super::Engine;
use crate::attachments::ScannerFault;
use crate::domain::attachment::{ScanState, Sha256Hex};
use crate::store::StoreError;
use crate::telemetry::metrics::ATTACHMENTS_HELD;

/// Files per question.
const CHUNK: i64 = 100;

/// What a later look did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Scanned {
    pub clean: u64,
    pub infected: u64,
    /// Not judged: missing, altered, or nothing the scanner takes.
    pub failed: u64,
    /// The scanner or the store of files is away: the rest waits.
    pub broke_off: bool,
}

/// What became of one file.
enum Looked {
    Said(ScanState),
    Failed,
    Away,
}

impl Engine {
    /// Has every file scanned that no scanner has seen. Where there is none, nothing is done.
    pub async fn scan_waiting_files(&self) -> Result<Scanned, StoreError> {
        let mut scanned = Scanned::default();
        if self.attachments.scanner().is_there() {
            self.scan_all(&mut scanned).await?;
        }
        let (pending, quarantined) = self.store.held_files().await?;
        for (scan, count) in [("pending", pending), ("quarantined", quarantined)] {
            gauge!(ATTACHMENTS_HELD, "scan" => scan).set(f64::from(i32::try_from(count).unwrap_or(i32::MAX)));
        }
        Ok(scanned)
    }

    async fn scan_all(&self, scanned: &mut Scanned) -> Result<(), StoreError> {
        let mut last: Option<Sha256Hex> = None;
        loop {
            let files = self.store.unscanned_files(last.as_ref(), CHUNK).await?;
            for sha256 in &files {
                match self.look_at(sha256).await {
                    Looked::Said(scan) => self.keep_verdict(sha256, scan, scanned).await?,
                    Looked::Failed => scanned.failed += 1,
                    Looked::Away => {
                        scanned.broke_off = true;
                        return Ok(());
                    }
                }
            }
            match files.into_iter().last() {
                Some(sha256) => last = Some(sha256),
                None => return Ok(()),
            }
        }
    }

    async fn look_at(&self, sha256: &Sha256Hex) -> Looked {
        let bytes = match self.attachments.get(sha256).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                tracing::error!(attachment.sha256 = %sha256, "a file is not where it was put");
                return Looked::Failed;
            }
            Err(error) => {
                tracing::warn!(error = %error, "a file cannot be read for its scan");
                return if error.is_passing() {
                    Looked::Away
                } else {
                    Looked::Failed
                };
            }
        };
        match self.attachments.scanner().judge_patiently(&bytes).await {
            Ok(scan) => Looked::Said(scan),
            Err(ScannerFault::Refused(_)) => Looked::Failed,
            Err(ScannerFault::Unreachable(_) | ScannerFault::Late) => Looked::Away,
        }
    }

    async fn keep_verdict(
        &self,
        sha256: &Sha256Hex,
        scan: ScanState,
        scanned: &mut Scanned,
    ) -> Result<(), StoreError> {
        let requests = self.store.record_scan(sha256, scan).await?;
        if scan == ScanState::Quarantined {
            scanned.infected += 1;
            tracing::warn!(attachment.sha256 = %sha256, requests,
                "a virus was found in a file taken in before: nobody gets it any more");
        } else {
            scanned.clean += 1;
        }
        Ok(())
    }
}

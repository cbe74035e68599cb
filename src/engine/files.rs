//! The files of a batch: what the scanner knew of each when it was taken in, until the events that use them are written.

use std::collections::HashMap;

use crate::domain::attachment::{Filed, ScanState, Sha256Hex};
use crate::domain::request::HistoryEntry;
use crate::store::FileUse;

/// What is known of the files of a batch.
#[derive(Debug, Default)]
pub(super) struct Files(HashMap<Sha256Hex, ScanState>);

impl Files {
    pub(super) fn remember<'f>(&mut self, files: impl Iterator<Item = &'f Filed>) {
        self.0
            .extend(files.map(|filed| (filed.file.sha256.clone(), filed.scan)));
    }

    /// Every file of these events, each in its place.
    pub(super) fn uses(&self, history: &[HistoryEntry]) -> Vec<FileUse> {
        let mut uses = Vec::new();
        for entry in history {
            for (position, file) in entry.details.attachments.iter().enumerate() {
                let scan = self.0.get(&file.sha256).copied();
                uses.push(FileUse {
                    request: entry.request,
                    seq: entry.seq,
                    position,
                    filed: Filed {
                        // Of this batch, or known before: what is written there already stays.
                        scan: scan.unwrap_or(ScanState::Pending),
                        file: file.clone(),
                    },
                });
            }
        }
        uses
    }
}

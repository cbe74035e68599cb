//! `[attachments]`: where the bytes of attachments are kept, by their sha256, and who looks for viruses in them.

mod place;
mod scanner;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use place::{AttachmentsUrl, NotAnAttachmentsUrl, S3Keys, S3Place};
pub use scanner::{ClamdAddress, NotAScannerUrl, ScannerSettings, ScannerUrl};

use super::check::Checks;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttachmentsSettings {
    pub url: AttachmentsUrl,
    pub scanner: ScannerSettings,
}

impl Default for AttachmentsSettings {
    fn default() -> Self {
        Self {
            url: AttachmentsUrl::Folder(PathBuf::from("var/attachments")),
            scanner: ScannerSettings::default(),
        }
    }
}

impl AttachmentsSettings {
    pub(super) fn check(&self, checks: &mut Checks) {
        checks.not_zero("attachments.scanner.timeout", self.scanner.timeout);
    }
}

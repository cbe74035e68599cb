//! `[attachments]`: where the bytes of attachments are kept, by their sha256.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttachmentsSettings {
    pub url: AttachmentsUrl,
}

impl Default for AttachmentsSettings {
    fn default() -> Self {
        Self {
            url: AttachmentsUrl::Folder(PathBuf::from("var/attachments")),
        }
    }
}

/// A place for attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttachmentsUrl {
    /// `file:DIR`: a folder all nodes share. Relative to the working folder.
    Folder(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place for attachments: expected file:DIR, such as file:var/attachments")]
pub struct NotAnAttachmentsUrl;

impl AttachmentsUrl {
    pub fn folder(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder,
        }
    }
}

impl FromStr for AttachmentsUrl {
    type Err = NotAnAttachmentsUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let folder = text.strip_prefix("file:").ok_or(NotAnAttachmentsUrl)?;
        let folder = folder.strip_prefix("//").unwrap_or(folder);
        if folder.is_empty() {
            Err(NotAnAttachmentsUrl)
        } else {
            Ok(Self::Folder(PathBuf::from(folder)))
        }
    }
}

impl fmt::Display for AttachmentsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "file:{}", folder.display()),
        }
    }
}

super::text_value::text_value!(AttachmentsUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_may_be_relative_or_absolute() {
        for (text, folder) in [
            ("file:var/a", "var/a"),
            ("file:/srv/a", "/srv/a"),
            ("file:///srv/a", "/srv/a"),
        ] {
            assert_eq!(
                text.parse::<AttachmentsUrl>().unwrap().folder(),
                Path::new(folder)
            );
        }
        for text in ["", "file:", "file://", "var/a", "ftp://host/a"] {
            assert!(text.parse::<AttachmentsUrl>().is_err(), "{text}");
        }
    }
}

//! `[smtp]` and `[mail]`: how mails leave and how they are retried.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::secret_url::SecretUrl;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmtpSettings {
    pub url: SmtpUrl,
    pub from: String,
}

impl Default for SmtpSettings {
    fn default() -> Self {
        Self {
            url: SmtpUrl::Files(PathBuf::from("var/mail")),
            from: "Scrivi alla sede <non-rispondere@usciere.example>".to_owned(),
        }
    }
}

/// Where mails go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmtpUrl {
    Server(SecretUrl),
    /// `file:DIR`: one file per mail.
    Files(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected smtp://host:port, smtps://host:port or file:DIR")]
pub struct NotAnSmtpUrl;

impl FromStr for SmtpUrl {
    type Err = NotAnSmtpUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(folder) = text.strip_prefix("file:") {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            return if folder.is_empty() {
                Err(NotAnSmtpUrl)
            } else {
                Ok(Self::Files(PathBuf::from(folder)))
            };
        }
        let url: SecretUrl = text.parse().map_err(|_| NotAnSmtpUrl)?;
        match (url.scheme(), url.host()) {
            ("smtp" | "smtps", Some(_)) => Ok(Self::Server(url)),
            _ => Err(NotAnSmtpUrl),
        }
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(url) => url.fmt(f),
            Self::Files(folder) => write!(f, "file:{}", folder.display()),
        }
    }
}

impl Serialize for SmtpUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SmtpUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {}

//! Ways out: a mail server, or a folder that catches mails in development.

mod files;
mod reply;
mod smtp;

use std::path::PathBuf;

use crate::clock::Clock;
use crate::config::mail::{SmtpSettings, SmtpUrl};
use crate::mail::message::Composed;
use files::Files;
use smtp::Smtp;

/// What came of handing a mail over. Reasons are for people to read and carry no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The server took it, and answered so.
    Sent(String),
    /// No server was there to offer it to: refused, silent, without STARTTLS, with a wrong certificate or login.
    Unavailable(String),
    /// Not taken this time (4xx, or the connection broke before the mail was out).
    Temporary(String),
    /// Refused for good (5xx).
    Permanent(String),
    /// The connection broke between the end of the mail and the answer.
    Unknown(String),
}

/// What keeps a transport from being set up.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("smtp.ca_file {path} cannot be read")]
    Authorities {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("smtp.ca_file {path} holds no certificate")]
    NoCertificate { path: PathBuf },
    #[error("the name of the mail server cannot be used with TLS")]
    Tls(#[source] lettre::transport::smtp::Error),
}

/// A way out.
#[derive(Debug)]
pub enum Transport {
    Smtp(Box<Smtp>),
    Files(Files),
}

impl Transport {
    /// Reads what it needs; connects to nothing.
    pub fn new(settings: &SmtpSettings, clock: Clock) -> Result<Self, TransportError> {
        Ok(match &settings.url {
            SmtpUrl::Files(folder) => Self::Files(Files::new(folder.clone(), clock)),
            SmtpUrl::Server(server) => Self::Smtp(Box::new(Smtp::new(server.clone(), settings)?)),
        })
    }

    /// Hands a mail over, within the time the settings allow.
    pub async fn send(&self, mail: &Composed) -> SendOutcome {
        match self {
            Self::Smtp(smtp) => smtp.send(mail).await,
            Self::Files(files) => files.send(mail).await,
        }
    }

    /// Whether a mail could be handed over now; sends none. `Err` says why not.
    pub async fn check(&self) -> Result<(), String> {
        match self {
            Self::Smtp(smtp) => smtp.check().await,
            Self::Files(files) => files.check().await,
        }
    }

    /// Takes leave of the server.
    pub async fn close(&self) {
        match self {
            Self::Smtp(smtp) => smtp.close().await,
            Self::Files(_) => {}
        }
    }
}

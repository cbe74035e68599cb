//! `[smtp]` and `[mail]`: how mails leave, and how long they are tried.

use std::fmt;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::interval::Interval;
use super::secret_url::SecretUrl;
use crate::store::UnknownOutcome;

/// The `[smtp]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmtpSettings {
    pub url: SmtpUrl,
    /// The sender of every mail; its domain is that of the Message-IDs.
    pub from: Sender,
    /// A mail not handed over by then is tried again on a new connection.
    pub timeout: Interval,
    /// Mails sent at the same time, each on its own connection.
    pub concurrency: NonZeroU16,
    /// PEM file of authorities to trust beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl Default for SmtpSettings {
    fn default() -> Self {
        Self {
            url: SmtpUrl::Files(PathBuf::from("var/mail")),
            from: Sender {
                name: Some("Scrivi alla sede".to_owned()),
                address: "non-rispondere@usciere.example".to_owned(),
            },
            timeout: Interval::from_secs(30),
            concurrency: NonZeroU16::new(16).expect("16 is not 0"),
            ca_file: None,
        }
    }
}

/// The `[mail]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// How long a mail is tried before it is left to people.
    pub give_up_after: Interval,
    /// What to do with a mail the server may or may not have taken.
    pub unknown: UnknownOutcome,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            give_up_after: Interval::from_days(2),
            unknown: UnknownOutcome::Repeat,
        }
    }
}

/// Where mails go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmtpUrl {
    Server(SmtpServer),
    /// `file:DIR`: one file per mail.
    Files(PathBuf),
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpServer {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub login: Option<Login>,
    /// As it was written; shows no password.
    url: SecretUrl,
}

/// How the connection is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// `smtps://`: TLS from the first byte, port 465 unless named.
    Tls,
    /// `smtp://`: STARTTLS, and nothing is sent to a server that does not offer it. Port 587 unless named.
    StartTls,
    /// `smtp://...?tls=none`: open to read on the way. Port 25 unless named.
    Open,
}

/// A name and password. Shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(***)")
    }
}

/// Why an address is none of a mail server. Never carries the text: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnSmtpUrl {
    #[error("expected smtp://host:port, smtps://host:port or file:DIR")]
    Form,
    #[error("the only parameter of a mail server is ?tls=none, with smtp://, to send without TLS")]
    Parameter,
    #[error("name and password: write special characters percent-encoded, in UTF-8")]
    Login,
    #[error("a password is not sent without TLS: leave out ?tls=none, or name and password")]
    OpenLogin,
}

impl FromStr for SmtpUrl {
    type Err = NotAnSmtpUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("file:") {
            None => SmtpServer::parse(text).map(Self::Server),
            Some(folder) => match folder.strip_prefix("//").unwrap_or(folder) {
                "" => Err(NotAnSmtpUrl::Form),
                folder => Ok(Self::Files(PathBuf::from(folder))),
            },
        }
    }
}

impl SmtpServer {
    fn parse(text: &str) -> Result<Self, NotAnSmtpUrl> {
        let secret: SecretUrl = text.parse().map_err(|_| NotAnSmtpUrl::Form)?;
        let url = Url::parse(text).map_err(|_| NotAnSmtpUrl::Form)?;
        let host = secret
            .host()
            .ok_or(NotAnSmtpUrl::Form)?
            .trim_matches(['[', ']'])
            .to_owned();
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(NotAnSmtpUrl::Form);
        }
        let (security, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Security::Tls, 465),
            ("smtp", None) => (Security::StartTls, 587),
            ("smtp", Some("tls=none")) => (Security::Open, 25),
            ("smtp" | "smtps", Some(_)) => return Err(NotAnSmtpUrl::Parameter),
            _ => return Err(NotAnSmtpUrl::Form),
        };
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            _ if security == Security::Open => return Err(NotAnSmtpUrl::OpenLogin),
            (user, password) => Some(Login {
                user: percent_decoded(user).ok_or(NotAnSmtpUrl::Login)?,
                password: percent_decoded(password.unwrap_or_default()).ok_or(NotAnSmtpUrl::Login)?,
            }),
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(port),
            security,
            login,
            url: secret,
        })
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let decoded = match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let value = digit(rest.next()?)? * 16 + digit(rest.next()?)?;
                u8::try_from(value).ok()?
            }
            plain => plain,
        };
        bytes.push(decoded);
    }
    String::from_utf8(bytes).ok()
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(server) => server.url.fmt(f),
            Self::Files(folder) => write!(f, "file:{}", folder.display()),
        }
    }
}

super::text_value::text_value!(SmtpUrl);

/// Who mails are from: `Scrivi alla sede <non-rispondere@inps.example>`, or the address alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    pub name: Option<String>,
    pub address: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as `Scrivi alla sede <non-rispondere@inps.example>`")]
pub struct NotASender;

impl Sender {
    /// The part of the address after the `@`.
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for Sender {
    type Err = NotASender;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, address) = match text.trim().strip_suffix('>').map(|named| named.split_once('<')) {
            Some(Some((name, address))) => (name.trim(), address),
            Some(None) => return Err(NotASender),
            None => ("", text.trim()),
        };
        let (local, domain) = address.rsplit_once('@').ok_or(NotASender)?;
        let words = |text: &str, others: &[u8]| {
            let word = |word: &str| {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || others.contains(&b))
            };
            text.split('.').all(word)
        };
        let labels = domain
            .split('.')
            .all(|label| !label.starts_with('-') && !label.ends_with('-'));
        if !words(local, b"+-_") || !words(domain, b"-") || !labels || name.chars().any(char::is_control) {
            return Err(NotASender);
        }
        if local.len() > 64 || domain.len() > 255 || domain.split('.').any(|label| label.len() > 63) {
            return Err(NotASender);
        }
        let name = (!name.is_empty()).then(|| name.trim_matches('"').to_owned());
        Ok(Self {
            name,
            address: address.to_owned(),
        })
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

super::text_value::text_value!(Sender);

#[cfg(test)]
mod tests;

//! `[attachments.scanner]`: who looks for viruses.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::config::interval::Interval;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScannerSettings {
    pub url: ScannerUrl,
    /// A file not judged by then waits for a later look.
    pub timeout: Interval,
}

impl Default for ScannerSettings {
    fn default() -> Self {
        Self {
            url: ScannerUrl::None,
            timeout: Interval::from_secs(10),
        }
    }
}

/// A scanner, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerUrl {
    /// `none`: files are taken and given unchecked.
    None,
    Clamd(ClamdAddress),
}

/// Where a clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// `tcp://HOST:PORT`
    Tcp { host: String, port: u16 },
    /// `unix:PATH`
    Socket(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no scanner: expected none, tcp://HOST:PORT or unix:PATH of a clamd")]
pub struct NotAScannerUrl;

/// clamd's own port.
const PORT: u16 = 3_310;

impl FromStr for ScannerUrl {
    type Err = NotAScannerUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Self::None);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let socket = (!path.is_empty()).then(|| ClamdAddress::Socket(PathBuf::from(path)));
            return socket.map(Self::Clamd).ok_or(NotAScannerUrl);
        }
        let url = url::Url::parse(text).map_err(|_| NotAScannerUrl)?;
        let bare = url.path().is_empty() && url.query().is_none() && url.username().is_empty();
        match url.host_str() {
            Some(host) if url.scheme() == "tcp" && bare && !host.is_empty() => {
                Ok(Self::Clamd(ClamdAddress::Tcp {
                    host: host.trim_matches(['[', ']']).to_owned(),
                    port: url.port().unwrap_or(PORT),
                }))
            }
            Some(_) | None => Err(NotAScannerUrl),
        }
    }
}

impl fmt::Display for ScannerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Clamd(ClamdAddress::Tcp { host, port }) if host.contains(':') => {
                write!(f, "tcp://[{host}]:{port}")
            }
            Self::Clamd(ClamdAddress::Tcp { host, port }) => write!(f, "tcp://{host}:{port}"),
            Self::Clamd(ClamdAddress::Socket(path)) => write!(f, "unix:{}", path.display()),
        }
    }
}

crate::config::text_value::text_value!(ScannerUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scanner_is_none_or_a_clamd() {
        for text in [
            "none",
            "tcp://clamd:3310",
            "tcp://[::1]:3311",
            "unix:/run/clamav/clamd.ctl",
        ] {
            assert_eq!(text.parse::<ScannerUrl>().unwrap().to_string(), text);
        }
        assert_eq!(
            "tcp://clamd".parse::<ScannerUrl>().unwrap().to_string(),
            "tcp://clamd:3310"
        );
        for wrong in [
            "",
            "clamd",
            "unix:",
            "tcp://",
            "http://clamd:3310",
            "tcp://clamd:3310/a",
        ] {
            assert!(wrong.parse::<ScannerUrl>().is_err(), "{wrong}");
        }
    }
}

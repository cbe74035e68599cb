//! `[http]`: health, metrics and, in development, the movable clock and the caught mails.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};
use url::Url;

use super::check::Checks;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Where people reach the service: links in mails begin with it.
    pub base_url: Url,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            base_url: Url::parse("http://127.0.0.1:8080/").expect("a valid URL"),
        }
    }
}

impl HttpSettings {
    /// Whether only this machine can reach the listener.
    pub fn is_loopback(&self) -> bool {
        self.listen.ip().is_loopback()
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        if !matches!(self.base_url.scheme(), "http" | "https") {
            checks.add(
                "http.base_url",
                "is not a web address",
                "begin it with https:// or http://",
            );
        }
        if !self.base_url.path().ends_with('/') {
            checks.add(
                "http.base_url",
                "does not end with a slash",
                "links are joined to it: end it with /",
            );
        }
    }
}

//! `[http]`: where a node answers, and how much anybody may ask of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use url::Url;

use super::check::Checks;
use super::interval::Interval;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Where people reach the service: links in mails begin with it.
    pub base_url: Url,
    /// Longest a command is waited for before its sender is asked to send it again.
    pub patience: Interval,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    pub rate_limit: RateLimit,
}

/// `[http.rate_limit]`: calls per second, and how many may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    pub per_person: NonZeroU32,
    pub per_person_burst: NonZeroU32,
    pub per_address: NonZeroU32,
    pub per_address_burst: NonZeroU32,
}

/// A number of calls per second on average, and how many of them may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

impl RateLimit {
    pub const fn per_person(&self) -> Rate {
        Rate {
            per_second: self.per_person,
            burst: self.per_person_burst,
        }
    }

    pub const fn per_address(&self) -> Rate {
        Rate {
            per_second: self.per_address,
            burst: self.per_address_burst,
        }
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        const fn calls(number: u32) -> NonZeroU32 {
            NonZeroU32::new(number).expect("not zero")
        }
        Self {
            per_person: calls(50),
            per_person_burst: calls(200),
            per_address: calls(500),
            per_address_burst: calls(2000),
        }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            base_url: Url::parse("http://127.0.0.1:8080/").expect("a valid URL"),
            patience: Interval::from_secs(20),
            trusted_proxies: Vec::new(),
            rate_limit: RateLimit::default(),
        }
    }
}

impl HttpSettings {
    /// Whether only this machine can reach the listener.
    pub fn is_loopback(&self) -> bool {
        self.listen.ip().is_loopback()
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        checks.not_zero("http.patience", self.patience);
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

//! `[registry]`: where citizens and practices are looked up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::check::Checks;
use super::interval::Interval;
use super::secret::Secret;
use super::text_value::text_value;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrySettings {
    pub citizens: RegisterSettings,
    pub practices: RegisterSettings,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegisterSettings {
    pub source: RegisterSource,
    /// A remote register that takes longer counts as away.
    pub timeout: Interval,
    /// Sent to a remote register as a bearer token.
    pub token: Secret,
}

impl Default for RegisterSettings {
    fn default() -> Self {
        Self {
            source: RegisterSource::Local,
            timeout: Interval::from_secs(2),
            token: Secret::default(),
        }
    }
}

/// Where a register is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisterSource {
    /// The tables filled by `usciere import`.
    Local,
    /// A service that speaks as docs/registers.md says.
    Remote(Url),
}

const LOCAL: &str = "local";

/// Why a text is no source. Never carries the text: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "neither a register nor its address: write \"local\", or an http:// or https:// URL without a password"
)]
pub struct NotASource;

impl FromStr for RegisterSource {
    type Err = NotASource;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == LOCAL {
            return Ok(Self::Local);
        }
        let url = Url::parse(text).map_err(|_| NotASource)?;
        let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
        if plain && url.password().is_none() {
            Ok(Self::Remote(url))
        } else {
            Err(NotASource)
        }
    }
}

impl fmt::Display for RegisterSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str(LOCAL),
            Self::Remote(url) => url.fmt(f),
        }
    }
}

text_value!(RegisterSource);

impl RegistrySettings {
    pub(super) fn check(&self, is_production: bool, checks: &mut Checks) {
        self.citizens.check("registry.citizens", is_production, checks);
        self.practices.check("registry.practices", is_production, checks);
    }
}

impl RegisterSettings {
    fn check(&self, section: &str, is_production: bool, checks: &mut Checks) {
        checks.not_zero(&format!("{section}.timeout"), self.timeout);
        if let RegisterSource::Remote(url) = &self.source
            && is_production
            && url.scheme() == "http"
        {
            checks.add(
                format!("{section}.source"),
                "sends people's data in clear",
                "begin it with https://",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_local_or_a_web_address() {
        assert_eq!("local".parse(), Ok(RegisterSource::Local));
        let remote: RegisterSource = "https://anagrafe.example/citizens".parse().unwrap();
        assert_eq!(remote.to_string(), "https://anagrafe.example/citizens");
        for wrong in ["", "Local", "ftp://a/b", "anagrafe", "https://u:hunter2@a/"] {
            let error = wrong.parse::<RegisterSource>().unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn in_production_people_are_not_asked_for_in_clear() {
        let settings = RegistrySettings {
            citizens: RegisterSettings {
                source: "http://anagrafe.example/".parse().unwrap(),
                timeout: Interval::from_secs(0),
                ..RegisterSettings::default()
            },
            ..RegistrySettings::default()
        };
        let mut checks = Checks::default();
        settings.check(true, &mut checks);
        let keys: Vec<_> = checks.into_faults().into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["registry.citizens.timeout", "registry.citizens.source"]);
    }
}

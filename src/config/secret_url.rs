//! Addresses that carry a password. Whatever prints one prints `***` in its place.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// A URL whose `Debug`, `Display` and `Serialize` mask the password and secret query parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(Url);

const MASK: &str = "***";
const SECRET_PARAMETERS: [&str; 5] = ["password", "passwd", "secret", "token", "key"];

impl SecretUrl {
    /// The address with its secrets, for the one who connects.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    pub fn host(&self) -> Option<&str> {
        self.0.host_str().filter(|host| !host.is_empty())
    }

    pub fn port(&self) -> Option<u16> {
        self.0.port()
    }

    /// Whether a password stands in it: such a file must not be readable by everyone.
    pub fn has_secret(&self) -> bool {
        self.0.password().is_some() || self.0.query_pairs().any(|(name, _)| is_secret(&name))
    }

    /// The same address with its secrets masked.
    pub fn masked(&self) -> String {
        if self.0.cannot_be_a_base() {
            // No `//` after the scheme: nobody can say which part of it is a password.
            return format!("{}:{MASK}", self.0.scheme());
        }
        let mut url = self.0.clone();
        if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
            return format!("{}://{MASK}", url.scheme());
        }
        if url.query_pairs().any(|(name, _)| is_secret(&name)) {
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            url.query_pairs_mut().clear().extend_pairs(
                pairs
                    .iter()
                    .map(|(name, value)| (name, if is_secret(name) { MASK } else { value })),
            );
        }
        url.to_string()
    }
}

fn is_secret(parameter: &str) -> bool {
    let parameter = parameter.to_ascii_lowercase();
    SECRET_PARAMETERS.iter().any(|word| parameter.contains(word))
}

/// Why a text is no address. Never carries the text: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a URL: expected scheme://user:password@host:port/path, with special characters percent-encoded")]
pub struct NotAUrl;

impl FromStr for SecretUrl {
    type Err = NotAUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Url::parse(text).map(Self).map_err(|_| NotAUrl)
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({})", self.masked())
    }
}

super::text_value::text_value!(SecretUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_prints_it_shows_the_password() {
        for (text, masked) in [
            (
                "postgres://u:hunter2@db:5432/usciere",
                "postgres://u:***@db:5432/usciere",
            ),
            (
                "amqp://guest:hunter2@localhost:5672/%2f",
                "amqp://guest:***@localhost:5672/%2f",
            ),
            (
                "postgres:///usciere?host=/run/pg&password=hunter2",
                "postgres:///usciere?host=%2Frun%2Fpg&password=***",
            ),
            ("postgres://localhost/usciere", "postgres://localhost/usciere"),
        ] {
            let url: SecretUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), masked);
            let printed = format!("{url:?} {}", serde_json::to_string(&url).unwrap());
            assert!(!printed.contains("hunter2"), "{printed}");
            assert_eq!(url.expose(), text);
            assert_eq!(url.has_secret(), text.contains("hunter2"));
        }
    }

    #[test]
    fn the_refusal_does_not_repeat_what_was_written() {
        let message = "://hunter2@".parse::<SecretUrl>().unwrap_err().to_string();
        assert!(!message.contains("hunter2"));
    }

    #[test]
    fn an_address_without_slashes_is_masked_whole() {
        let url: SecretUrl = "user:hunter2@db".parse().unwrap();
        assert_eq!(url.to_string(), "user:***");
    }
}

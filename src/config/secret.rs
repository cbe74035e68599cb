//! A secret that stands alone: a token, a password. Whatever prints it prints `***`.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// Empty: there is none.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for the one who sends it.
    pub fn expose(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(self.0.as_str())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.0.is_empty() { "" } else { "***" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_printed() {
        let secret: Secret = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!(secret.expose(), Some("hunter2"));
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(Secret::default().expose(), None);
    }
}

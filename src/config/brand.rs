//! `[brand]`: what the service calls itself towards people.

use serde::{Deserialize, Serialize};

use super::check::Checks;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brand {
    /// Stands in the subject of every mail.
    pub name: String,
}

impl Default for Brand {
    fn default() -> Self {
        Self {
            name: "Scrivi alla sede".to_owned(),
        }
    }
}

impl Brand {
    pub(super) fn check(&self, checks: &mut Checks) {
        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) {
            checks.add(
                "brand.name",
                "is empty or holds control characters",
                "write the name in one line of text",
            );
        }
    }
}

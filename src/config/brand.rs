//! `[brand]`: what the service calls itself towards people.

use serde::{Deserialize, Serialize};
use url::Url;

use super::check::Checks;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brand {
    /// Stands in the subject of every mail and at the head of every page.
    pub name: String,
    /// Who offers the service, in the thin line above its name.
    pub owner: String,
    /// Address of the picture beside the name; a neutral sign where it is missing.
    pub logo: Option<String>,
    /// Ways back into the surrounding portal, such as "Vai a `MyINPS`".
    pub links: Vec<BrandLink>,
}

/// A link at the head of every page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrandLink {
    pub label: String,
    pub href: Url,
}

impl Default for Brand {
    fn default() -> Self {
        Self {
            name: "Scrivi alla sede".to_owned(),
            owner: "Servizi per i patronati".to_owned(),
            logo: None,
            links: Vec::new(),
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

//! `[database]`: PostgreSQL, where the truth is kept.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::check::Checks;
use super::interval::Interval;
use super::secret_url::SecretUrl;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    pub url: SecretUrl,
    pub max_connections: NonZeroU32,
    /// Longest a question may run; the engine's own writes are bounded by their batch.
    pub statement_timeout: Interval,
    pub lock_timeout: Interval,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: "postgres://localhost:5432/usciere".parse().expect("a valid URL"),
            max_connections: NonZeroU32::new(16).expect("not zero"),
            statement_timeout: Interval::from_secs(5),
            lock_timeout: Interval::from_secs(5),
        }
    }
}

impl DatabaseSettings {
    pub(super) fn check(&self, checks: &mut Checks) {
        checks.scheme("database.url", &self.url, &["postgres", "postgresql"]);
        checks.not_zero("database.statement_timeout", self.statement_timeout);
        checks.not_zero("database.lock_timeout", self.lock_timeout);
    }
}

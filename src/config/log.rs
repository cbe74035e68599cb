//! `[log]`: what is written to stderr while the engine runs.

use serde::{Deserialize, Serialize};

use super::check::Checks;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    pub format: LogFormat,
    /// A level, or filter directives such as `info,usciere::amqp=debug`.
    pub level: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    Pretty,
    /// One JSON object per line, for machines.
    Json,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: LogFormat::Pretty,
            level: "info,sqlx=warn,tokio_cron_scheduler=warn".to_owned(),
        }
    }
}

impl LogSettings {
    pub(super) fn check(&self, checks: &mut Checks) {
        if self.level.parse::<tracing_subscriber::EnvFilter>().is_err() {
            checks.add(
                "log.level",
                "is no level and no list of filters",
                "write off, error, warn, info, debug or trace, or pairs such as info,usciere::amqp=debug",
            );
        }
    }
}

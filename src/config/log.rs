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

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl LogSettings {
    pub(super) fn check(&self, checks: &mut Checks) {
        // The filter itself takes `inof` for the name of a module, and would log nothing.
        let known = |directive: &str| {
            let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
            LEVELS.contains(&level.trim())
        };
        if !self.level.split(',').all(known) || self.level.parse::<tracing_subscriber::EnvFilter>().is_err() {
            checks.add(
                "log.level",
                "is no level and no list of filters",
                "write off, error, warn, info, debug or trace, or pairs such as info,usciere::amqp=debug",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_a_fault() {
        for (level, right) in [
            ("info", true),
            ("warn,usciere::amqp=debug", true),
            ("inof", false),
            ("info,usciere=loud", false),
            ("", false),
        ] {
            let mut checks = Checks::default();
            let settings = LogSettings {
                level: level.to_owned(),
                ..LogSettings::default()
            };
            settings.check(&mut checks);
            assert_eq!(checks.into_faults().is_empty(), right, "{level}");
        }
    }
}

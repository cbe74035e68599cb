//! Log lines on stderr, for people or as JSON, filtered by level and module.

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, reload};

use crate::config::log::{LogFormat, LogSettings};

/// How talkative the user asked this run to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// `--quiet`
    Quiet,
    /// What `log.level` says.
    Configured,
    /// Warnings only: commands in the foreground.
    Warnings,
    /// `-v`
    Debug,
    /// `-vv`
    Trace,
}

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("log.level is no list of filters")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("logging was started twice")]
    Started(#[from] tracing_subscriber::util::TryInitError),
    #[error("the filter is gone")]
    Gone(#[from] reload::Error),
}

/// Changes the level while the engine runs.
#[derive(Debug, Clone)]
pub struct LevelHandle(reload::Handle<EnvFilter, Registry>, Always);

impl LevelHandle {
    /// Puts new filters in force, as after a reload of the configuration.
    pub fn set(&self, level: &str) -> Result<(), LogError> {
        self.0.reload(filters(level, self.1)?)?;
        Ok(())
    }
}

/// The filters of a level, and those that are in force whatever it says.
fn filters(level: &str, always: Always) -> Result<EnvFilter, LogError> {
    always
        .iter()
        .try_fold(EnvFilter::try_new(level)?, |filter, directive| {
            Ok(filter.add_directive(directive.parse()?))
        })
}

/// Filters no configuration can lift: libraries that would write personal data.
type Always = &'static [&'static str];

/// Starts logging for the whole process. Call once.
pub fn start(settings: &LogSettings, verbosity: Verbosity, always: Always) -> Result<LevelHandle, LogError> {
    let colours = std::io::stderr().is_terminal();
    let (subscriber, handle) = subscriber(settings, verbosity, std::io::stderr, colours, always)?;
    subscriber.try_init()?;
    Ok(handle)
}

/// The subscriber [`start`] installs, writing to `writer`: for tests that read what is logged.
pub fn subscriber<W>(
    settings: &LogSettings,
    verbosity: Verbosity,
    writer: W,
    colours: bool,
    always: Always,
) -> Result<(Box<dyn Subscriber + Send + Sync>, LevelHandle), LogError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let level = match verbosity {
        Verbosity::Quiet => "error",
        Verbosity::Configured => &settings.level,
        Verbosity::Warnings => "warn",
        Verbosity::Debug => "info,usciere=debug",
        Verbosity::Trace => "debug,usciere=trace",
    };
    let (filter, handle) = reload::Layer::new(filters(level, always)?);
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let subscriber: Box<dyn Subscriber + Send + Sync> = match settings.format {
        LogFormat::Pretty => Box::new(registry.with(lines.with_ansi(colours))),
        LogFormat::Json => Box::new(registry.with(lines.json().flatten_event(true).with_current_span(true))),
    };
    Ok((subscriber, LevelHandle(handle, always)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn logged(format: LogFormat, verbosity: Verbosity) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let settings = LogSettings {
            format,
            level: "info".to_owned(),
        };
        let (subscriber, _) = subscriber(&settings, verbosity, move || writer.clone(), false, &[]).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(case.id = "c-1", "accepted");
            tracing::debug!("detail");
        });
        lines.text()
    }

    #[test]
    fn json_lines_carry_dotted_fields() {
        let line = logged(LogFormat::Json, Verbosity::Configured);
        let parsed: serde_json::Value = serde_json::from_str(line.trim()).unwrap();
        assert_eq!(
            (&parsed["message"], &parsed["case.id"]),
            (&"accepted".into(), &"c-1".into())
        );
    }

    #[test]
    fn verbosity_goes_before_the_configured_level() {
        assert!(logged(LogFormat::Pretty, Verbosity::Configured).contains("accepted"));
        assert!(!logged(LogFormat::Pretty, Verbosity::Configured).contains("detail"));
        assert!(logged(LogFormat::Pretty, Verbosity::Debug).contains("detail"));
        assert_eq!(logged(LogFormat::Pretty, Verbosity::Quiet), "");
    }

    #[test]
    fn the_level_changes_while_running() {
        let lines = Lines::default();
        let writer = lines.clone();
        let (subscriber, handle) = subscriber(
            &LogSettings::default(),
            Verbosity::Configured,
            move || writer.clone(),
            false,
            &[],
        )
        .unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!("before");
            handle.set("debug").unwrap();
            tracing::debug!("after");
        });
        assert!(!lines.text().contains("before") && lines.text().contains("after"));
        assert!(handle.set("=,=").is_err());
    }
}

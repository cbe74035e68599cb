//! `usciere config`: what is configured, and where each value comes from.

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::output::Row;
use super::session::Session;
use crate::config::Entry;

/// Check the configuration, or show it
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    pub command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// List every mistake of the configuration; the exit code is 78 if there is one
    Check,
    Show(ConfigShowArgs),
}

/// Show the configuration in force, with the source of each key; secrets are masked
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere config show amqp
  usciere config show -o json")]
pub struct ConfigShowArgs {
    /// Only keys that begin with this
    #[arg(value_name = "PREFIX")]
    pub prefix: Option<String>,
}

pub fn run(args: ConfigArgs, session: &mut Session) -> Result<Exit, Failure> {
    let loaded = session.load(None)?;
    match args.command {
        ConfigCommand::Check => {
            let files = loaded
                .files()
                .map(|file| file.display().to_string())
                .collect::<Vec<_>>();
            let read = if files.is_empty() {
                "no file, only built-in values".to_owned()
            } else {
                files.join(", ")
            };
            session
                .printer
                .say(format!("the configuration is right ({read})"));
        }
        ConfigCommand::Show(show) => {
            let prefix = show.prefix.unwrap_or_default();
            let entries: Vec<Entry> = loaded
                .entries()
                .into_iter()
                .filter(|entry| entry.key.starts_with(&prefix))
                .collect();
            if entries.is_empty() {
                return Err(Failure::not_found(format!("no key begins with {prefix}")));
            }
            session.printer.rows(&entries)?;
        }
    }
    Ok(Exit::Ok)
}

impl Row for Entry {
    const COLUMNS: &'static [&'static str] = &["key", "value", "source"];

    fn cells(&self) -> Vec<String> {
        let value = match &self.value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        vec![self.key.clone(), value, self.source.clone()]
    }
}

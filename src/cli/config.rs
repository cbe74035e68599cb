//! `usciere config`: what is configured, and where each value comes from.

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::output::{Format, Row};
use super::session::Session;
use crate::config::{Entry, Mistake};

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
    match args.command {
        ConfigCommand::Check => check(session),
        ConfigCommand::Show(show) => print(&show.prefix.unwrap_or_default(), session),
    }
}

fn check(session: &mut Session) -> Result<Exit, Failure> {
    let mistakes = match session.try_load(None) {
        Ok(loaded) => {
            let files = loaded
                .files()
                .map(|file| file.display().to_string())
                .collect::<Vec<_>>();
            let read = if files.is_empty() {
                "built-in values only".to_owned()
            } else {
                files.join(", ")
            };
            session
                .printer
                .say(format!("no mistakes in the configuration ({read})"));
            Vec::new()
        }
        Err(mistakes) if session.printer.format() == Format::Table => return Err(mistakes.into()),
        Err(mistakes) => mistakes.0,
    };
    if session.printer.format() != Format::Table {
        session.printer.rows(&mistakes)?;
    }
    Ok(if mistakes.is_empty() {
        Exit::Ok
    } else {
        Exit::Configuration
    })
}

fn print(prefix: &str, session: &mut Session) -> Result<Exit, Failure> {
    let entries: Vec<Entry> = session
        .load(None)?
        .entries()
        .into_iter()
        .filter(|entry| entry.key.starts_with(prefix))
        .collect();
    if entries.is_empty() {
        return Err(Failure::not_found(format!("no key begins with {prefix}")));
    }
    session.printer.rows(&entries)?;
    Ok(Exit::Ok)
}

impl Row for Mistake {
    const COLUMNS: &'static [&'static str] = &["key", "source", "problem", "fix"];

    fn cells(&self) -> Vec<String> {
        let source = self.origin.as_ref().map(ToString::to_string).unwrap_or_default();
        vec![
            self.key.clone().unwrap_or_default(),
            source,
            self.problem.clone(),
            self.fix.clone(),
        ]
    }
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

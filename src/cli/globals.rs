//! Options every command takes.

use std::path::PathBuf;

use clap::Args;

use super::output::{Format, Manner};
use crate::config::{Environment, Profile, Request};

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// How data is printed on stdout: table, json, jsonl or csv
    #[arg(
        short,
        long,
        value_enum,
        default_value_t,
        global = true,
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    pub output: Format,
    /// Kind of system: dev, test or prod [default: prod; `usciere dev`: dev]
    #[arg(long, value_enum, global = true, hide_possible_values = true)]
    pub profile: Option<Profile>,
    /// Configuration file read in place of usciere.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Sets one key of the configuration, over files and environment
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Says nothing but errors on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Says more on stderr; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Prints no colours; as the variable `NO_COLOR` does
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Answers every question with yes
    #[arg(short, long, global = true)]
    pub yes: bool,
}

pub const EXIT_CODES_HELP: &str = "\
Exit codes:
  0 done, 1 failed, 2 wrong arguments, 3 partly done, 4 not allowed, 5 not found, 6 conflict,
  69 broker, database or SMTP server unavailable, 78 mistakes in the configuration, 130 interrupted";

fn assignment(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        Some(_) | None => Err("write KEY=VALUE, such as http.listen=127.0.0.1:9000"),
    }
}

impl Globals {
    pub fn manner(&self, environment: &Environment) -> Manner {
        Manner {
            format: self.output,
            quiet: self.quiet,
            no_color: self.no_color || environment.get("NO_COLOR").is_some(),
            yes: self.yes,
        }
    }

    /// What the configuration is loaded from.
    pub fn request(&self, environment: Environment, usual_profile: Option<Profile>) -> Request {
        Request {
            folder: PathBuf::new(),
            environment,
            profile: self.profile,
            usual_profile,
            file: self.config.clone(),
            flags: self
                .set
                .iter()
                .map(|(key, value)| (format!("--set {key}"), key.clone(), value.clone()))
                .collect(),
        }
    }
}

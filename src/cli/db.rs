//! `usciere db`: the schema of the database.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::Row;
use super::reach;
use super::session::Session;
use crate::config::Config;
use crate::config::interval::Interval;
use crate::store::SchemaStatus;

/// A migration may have to rewrite a large table; the limit on ordinary statements is not meant for it.
const LONGEST_MIGRATION: Interval = Interval::from_secs(6 * 60 * 60);

/// Look at the database's schema and bring it up to date
#[derive(Debug, Args)]
pub struct DbArgs {
    #[command(subcommand)]
    pub command: DbCommand,
}

#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Apply the migrations that are missing
    Migrate,
    /// List the migrations and which are applied; the exit code is 1 unless all are
    Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Applied,
    Missing,
    /// Applied by a newer usciere; this one does not know it.
    Unknown,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Migration {
    version: i64,
    name: Option<String>,
    state: State,
}

impl Row for Migration {
    const COLUMNS: &'static [&'static str] = &["version", "name", "state"];

    fn cells(&self) -> Vec<String> {
        let state = match self.state {
            State::Applied => "applied",
            State::Missing => "missing",
            State::Unknown => "unknown",
        };
        vec![
            format!("{:04}", self.version),
            self.name.clone().unwrap_or_default(),
            state.to_owned(),
        ]
    }
}

pub async fn run(args: DbArgs, session: &mut Session) -> Result<Exit, Failure> {
    let config = session.load(None)?.config;
    match args.command {
        DbCommand::Migrate => migrate(config, session).await,
        DbCommand::Status => status(&config, session).await,
    }
}

async fn migrate(mut config: Config, session: &mut Session) -> Result<Exit, Failure> {
    config.database.statement_timeout = LONGEST_MIGRATION;
    let store = reach::any_database(&config).await?;
    let before = store.schema_status().await?;
    if before.is_ahead() {
        return Err(reach::unfit(&before));
    }
    store.migrate().await?;
    let mut applied = migrations(&store.schema_status().await?);
    let count = applied.len();
    applied.retain(|migration| !before.applied.contains(&migration.version));
    session.printer.findings(&applied)?;
    session.printer.say(match applied.len() {
        0 => format!("nothing to apply: all {count} migrations are there"),
        1 => "1 migration applied".to_owned(),
        more => format!("{more} migrations applied"),
    });
    Ok(Exit::Ok)
}

async fn status(config: &Config, session: &mut Session) -> Result<Exit, Failure> {
    let store = reach::any_database(config).await?;
    let status = store.schema_status().await?;
    session.printer.rows(&migrations(&status))?;
    if status.is_current() {
        session.printer.say("the schema is current");
        return Ok(Exit::Ok);
    }
    session.printer.failure(&reach::unfit(&status));
    Ok(Exit::Failed)
}

/// Known and unknown ones, by version.
fn migrations(status: &SchemaStatus) -> Vec<Migration> {
    let known = status.known.iter().map(|(version, name)| Migration {
        version: *version,
        name: Some(name.clone()),
        state: if status.applied.contains(version) {
            State::Applied
        } else {
            State::Missing
        },
    });
    let is_known = |version: &i64| status.known.iter().any(|(known, _)| known == version);
    let unknown = status.applied.iter().filter(|version| !is_known(version));
    let unknown = unknown.map(|version| Migration {
        version: *version,
        name: None,
        state: State::Unknown,
    });
    let mut all: Vec<Migration> = known.chain(unknown).collect();
    all.sort_by_key(|migration| migration.version);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_applied_missing_or_of_a_newer_program() {
        let status = SchemaStatus {
            known: vec![
                (1, "registers".to_owned()),
                (2, "engine".to_owned()),
                (3, "mails".to_owned()),
            ],
            applied: vec![1, 2, 4],
        };
        let found: Vec<(i64, State)> = migrations(&status)
            .iter()
            .map(|migration| (migration.version, migration.state))
            .collect();
        assert_eq!(
            found,
            [
                (1, State::Applied),
                (2, State::Applied),
                (3, State::Missing),
                (4, State::Unknown)
            ]
        );
    }
}

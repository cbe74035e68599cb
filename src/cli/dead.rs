//! `usciere dead`: messages that could not be understood or trusted.

mod discard;
mod export;
mod list;
mod moment;
mod replay;
mod select;
mod show;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::exit::{Exit, Failure};
use super::page::Page;
use super::session::Session;
use super::words::one_of;
use crate::domain::command::CommandKind;
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::ids::Source;
use crate::engine::HandleError;
use crate::store::{DeadLetterId, DeadLetterMatch};
pub use moment::Moment;

/// Look at dead letters, replay, discard or export them
#[derive(Debug, Args)]
pub struct DeadArgs {
    #[command(subcommand)]
    pub command: DeadCommand,
}

#[derive(Debug, Subcommand)]
pub enum DeadCommand {
    List(DeadListArgs),
    Show(DeadShowArgs),
    Replay(DeadReplayArgs),
    Discard(DeadDiscardArgs),
    Export(DeadExportArgs),
}

/// List dead letters that wait for a decision, the newest first
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").multiple(true))]
pub struct DeadListArgs {
    #[command(flatten)]
    pub filter: DeadFilter,
    /// Also those replayed or discarded
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub page: Page,
}

/// Some dead letters, by what is known of them.
#[derive(Debug, Clone, Args)]
pub struct DeadFilter {
    /// Only those dead for this reason
    #[arg(long, group = "which", hide_possible_values = true, value_parser = one_of(DeadLetterReason::ALL, DeadLetterReason::as_str, DeadLetterReason::from_word))]
    pub reason: Option<DeadLetterReason>,
    /// Only those of one publisher, such as portal.inca or sede.230001
    #[arg(long, group = "which", value_name = "SOURCE")]
    pub source: Option<Source>,
    /// Only those that ask for this, by their routing key
    #[arg(long, group = "which", hide_possible_values = true, value_parser = one_of(CommandKind::ALL, CommandKind::as_str, CommandKind::from_word))]
    pub command: Option<CommandKind>,
    /// Only those that came then or later: 2026-11-27 or 2026-11-27T18:00:00+01:00
    #[arg(long, group = "which", value_name = "TIME")]
    pub since: Option<Moment>,
    /// Only those that came before
    #[arg(long, group = "which", value_name = "TIME")]
    pub until: Option<Moment>,
}

impl DeadFilter {
    fn matching(&self) -> DeadLetterMatch {
        DeadLetterMatch {
            reason: self.reason,
            source: self.source.clone(),
            command: self.command,
            since: self.since.map(|moment| moment.0),
            until: self.until.map(|moment| moment.0),
        }
    }
}

/// Show one dead letter with its headers; of its body the keys, not the values
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  usciere dead show 17 --raw > body.json")]
pub struct DeadShowArgs {
    #[arg(value_name = "ID")]
    pub id: DeadLetterId,
    /// Prints the body alone, byte for byte. It may hold personal data
    #[arg(long)]
    pub raw: bool,
}

/// Work dead letters again as if they had just arrived, and say what became of each
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere dead replay 17
  usciere dead show 17 --raw > mended.json; $EDITOR mended.json; usciere dead replay 17 --body mended.json
  usciere dead replay --reason schema_too_new --dry-run
  usciere dead replay --reason schema_too_new --source portal.inca --since 2026-11-27 --yes")]
pub struct DeadReplayArgs {
    #[command(flatten)]
    pub which: DeadSelection,
    /// Works this edited copy in place of the body that came; for one dead letter. The original stays as it is
    #[arg(long, value_name = "FILE")]
    pub body: Option<PathBuf>,
    /// Only reads them, and tells which could be worked
    #[arg(long)]
    pub dry_run: bool,
}

/// Close dead letters without working them; they stay in the database
#[derive(Debug, Args)]
pub struct DeadDiscardArgs {
    #[command(flatten)]
    pub which: DeadSelection,
    /// Why; kept with the letter
    #[arg(long, value_name = "TEXT")]
    pub why: String,
}

/// Print dead letters whole, one JSON object a line, the body in base64. They may hold personal data
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  usciere dead export --all > dead.jsonl")]
pub struct DeadExportArgs {
    #[command(flatten)]
    pub which: DeadSelection,
}

/// Some dead letters by id, those a filter leaves, or all.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(true))]
pub struct DeadSelection {
    #[arg(value_name = "ID", group = "which", conflicts_with_all = ["reason", "source", "command", "since", "until", "all"])]
    pub ids: Vec<DeadLetterId>,
    #[command(flatten)]
    pub filter: DeadFilter,
    /// All that wait for a decision
    #[arg(long, group = "which", conflicts_with_all = ["reason", "source", "command", "since", "until"])]
    pub all: bool,
}

pub async fn run(args: DeadArgs, session: &mut Session) -> Result<Exit, Failure> {
    match args.command {
        DeadCommand::List(args) => list::run(&args, session).await,
        DeadCommand::Show(args) => show::run(&args, session).await,
        DeadCommand::Replay(args) => replay::run(&args, session).await,
        DeadCommand::Export(args) => export::run(&args, session).await,
        DeadCommand::Discard(args) => discard::run(&args, session).await,
    }
}

/// Why the engine could not work something in this process.
pub(super) fn failure(error: HandleError) -> Failure {
    match error {
        HandleError::Store(error) => error.into(),
        HandleError::Fault(_) => Failure::from(anyhow::Error::from(error)),
    }
}

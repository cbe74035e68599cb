//! `usciere dead`: messages that could not be understood or trusted.

mod discard;
mod export;
mod list;
mod replay;
mod select;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::page::Page;
use super::session::Session;
use super::words::one_of;
use crate::domain::dead_letter::DeadLetterReason;
use crate::engine::HandleError;
use crate::store::DeadLetterId;

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
pub struct DeadListArgs {
    #[command(flatten)]
    pub reason: ReasonFilter,
    /// Also those replayed or discarded
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub page: Page,
}

#[derive(Debug, Clone, Args)]
pub struct ReasonFilter {
    /// Only those dead for this reason
    #[arg(long, hide_possible_values = true, value_parser = one_of(DeadLetterReason::ALL, DeadLetterReason::as_str, DeadLetterReason::from_word))]
    pub reason: Option<DeadLetterReason>,
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
  usciere dead replay 17 --body mended.json
  usciere dead replay --reason schema_too_new --yes")]
pub struct DeadReplayArgs {
    #[command(flatten)]
    pub which: DeadSelection,
    /// Works this body in place of the one that came; for one dead letter. The original stays as it is
    #[arg(long, value_name = "FILE", conflicts_with_all = ["reason", "all"])]
    pub body: Option<PathBuf>,
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

/// Some dead letters by id, all those with a reason, or all.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct DeadSelection {
    #[arg(value_name = "ID")]
    pub ids: Vec<DeadLetterId>,
    /// All those dead for this reason
    #[arg(long, hide_possible_values = true, value_parser = one_of(DeadLetterReason::ALL, DeadLetterReason::as_str, DeadLetterReason::from_word))]
    pub reason: Option<DeadLetterReason>,
    /// All that wait for a decision
    #[arg(long)]
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

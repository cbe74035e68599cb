//! `usciere dead`: messages that could not be understood or trusted.

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::case::Page;
use super::words::one_of;
use crate::domain::dead_letter::DeadLetterReason;

/// Look at dead letters, replay or discard them
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

/// Show one dead letter with its headers
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  usciere dead show 0199c0de-0000-7000-8000-000000000001 --raw > body.json")]
pub struct DeadShowArgs {
    #[arg(value_name = "ID")]
    pub id: Uuid,
    /// Prints the body alone, byte for byte. It may hold personal data
    #[arg(long)]
    pub raw: bool,
}

/// Work dead letters again as if they had just arrived, and say what became of each
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere dead replay 0199c0de-0000-7000-8000-000000000001
  usciere dead replay --reason schema_too_new --yes")]
pub struct DeadReplayArgs {
    #[command(flatten)]
    pub which: DeadSelection,
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

/// Some dead letters by id, or all those with a reason.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct DeadSelection {
    #[arg(value_name = "ID")]
    pub ids: Vec<Uuid>,
    /// All those dead for this reason
    #[arg(long, hide_possible_values = true, value_parser = one_of(DeadLetterReason::ALL, DeadLetterReason::as_str, DeadLetterReason::from_word))]
    pub reason: Option<DeadLetterReason>,
}

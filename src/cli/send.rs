//! `usciere send`: publish a command as a portal or a sede would.

use clap::Args;

use crate::config::interval::Interval;
use crate::domain::ids::{MessageId, Source};

/// Publish a command as a portal or a sede would
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere send --example --wait --reply-auto
  usciere send request.json --wait
  usciere send reply.json --as sede.230001 --type request.reply")]
pub struct SendArgs {
    /// JSON body of the command; - for stdin
    #[arg(required_unless_present = "example", value_name = "FILE|-")]
    pub file: Option<String>,
    /// Sends a made-up request from the example registers
    #[arg(long, conflicts_with_all = ["file", "source", "command"])]
    pub example: bool,
    /// Who publishes: portal.<patronato> or sede.<code> [default: the portal of the body's patronato]
    #[arg(long = "as", value_name = "SOURCE")]
    pub source: Option<Source>,
    /// The command
    #[arg(long = "type", value_name = "COMMAND", default_value = "request.submit")]
    pub command: String,
    /// Idempotency key; send again with the same one to repeat [default: a new one]
    #[arg(long, value_name = "ID")]
    pub message_id: Option<MessageId>,
    /// Follows what becomes of it, step by step, until it is answered or refused
    #[arg(long)]
    pub wait: bool,
    /// Answers in the sede's stead
    #[arg(long, requires = "wait")]
    pub reply_auto: bool,
    /// Longest to wait
    #[arg(long, value_name = "TIME", default_value = "30s", requires = "wait")]
    pub timeout: Interval,
}

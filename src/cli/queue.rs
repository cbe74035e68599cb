//! `usciere queue`: look at the broker's queues.

mod list;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::session::Session;

/// Look at the queues
#[derive(Debug, Args)]
pub struct QueueArgs {
    #[command(subcommand)]
    pub command: QueueCommand,
}

#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// List the queues with their depth, their consumers and what the outbox still holds for them
    List,
}

pub async fn run(args: QueueArgs, session: &mut Session) -> Result<Exit, Failure> {
    match args.command {
        QueueCommand::List => list::run(session).await,
    }
}

//! `usciere queue`: look at the broker's queues.

use clap::{Args, Subcommand};

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

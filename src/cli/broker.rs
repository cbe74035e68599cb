//! `usciere broker`: exchanges, queues and bindings.

use clap::{Args, Subcommand};

/// Compare the broker with what the engine needs, and declare it
#[derive(Debug, Args)]
pub struct BrokerArgs {
    #[command(subcommand)]
    pub command: BrokerCommand,
}

#[derive(Debug, Subcommand)]
pub enum BrokerCommand {
    /// Declare exchanges, queues and bindings that are missing; never deletes
    Declare,
    /// List what is missing or declared otherwise; the exit code is 1 if anything is
    Diff,
}

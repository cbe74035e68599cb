//! `usciere db`: the schema of the database.

use clap::{Args, Subcommand};

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
    /// List the migrations and which are applied
    Status,
}

//! `usciere audit`: who did what, who read whom, and whether anybody changed it afterwards.

mod list;
mod verify;

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::page::Page;
use super::session::Session;
use super::words::{one_of, parsed_by};
use crate::domain::audit::{AuditOutcome, ChainHash};
use crate::domain::ids::{ActorId, PatronatoCode, PersonId, RequestId, SedeCode};

/// Look at who did what and who read whom, and prove that nobody changed it
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    pub command: AuditCommand,
}

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    List(AuditListArgs),
    Verify(AuditVerifyArgs),
}

/// List what was done, the newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere audit list --request 0199c0de-0000-7000-8000-000000000001
  usciere audit list --actor op1 --patronato inca --from 2026-11-01
  usciere audit list --outcome denied -o csv")]
pub struct AuditListArgs {
    /// Who acted, as their own system names them
    #[arg(long, value_name = "ID", value_parser = parsed_by(ActorId::parse))]
    pub actor: Option<ActorId>,
    #[arg(long, value_name = "CODE", value_parser = parsed_by(PatronatoCode::parse))]
    pub patronato: Option<PatronatoCode>,
    #[arg(long, value_name = "CODE", value_parser = parsed_by(SedeCode::parse))]
    pub sede: Option<SedeCode>,
    /// Which request was changed or shown
    #[arg(long, value_name = "ID")]
    pub request: Option<RequestId>,
    /// Which citizen, by the register's id
    #[arg(long, value_name = "ID", value_parser = parsed_by(PersonId::parse))]
    pub person: Option<PersonId>,
    /// What was done, by how it begins: "request.submit", "GET /api/v1/requests"
    #[arg(long, value_name = "TEXT")]
    pub action: Option<String>,
    /// How it ended
    #[arg(long, value_parser = one_of(AuditOutcome::ALL, AuditOutcome::as_str, AuditOutcome::from_word))]
    pub outcome: Option<AuditOutcome>,
    /// From this day on
    #[arg(long, value_name = "DATE")]
    pub from: Option<NaiveDate>,
    /// Up to this day
    #[arg(long, value_name = "DATE")]
    pub to: Option<NaiveDate>,
    #[command(flatten)]
    pub page: Page,
}

/// Walk the whole chain; the exit code is 1 if any row was changed, removed, put in or moved
#[derive(Debug, Args)]
#[command(after_help = "\
Without --head this proves that the rows fit each other. With one that was kept outside of the database, from the log
of a node, it also proves that nobody cut off the end or wrote the whole chain anew.

Examples:
  usciere audit verify
  usciere audit verify --head 5f0c...e1")]
pub struct AuditVerifyArgs {
    /// A hash that was the end of the chain once
    #[arg(long, value_name = "HASH")]
    pub head: Option<ChainHash>,
}

pub async fn run(args: AuditArgs, session: &mut Session) -> Result<Exit, Failure> {
    match args.command {
        AuditCommand::List(args) => list::run(args, session).await,
        AuditCommand::Verify(args) => verify::run(&args, session).await,
    }
}

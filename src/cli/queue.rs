//! `usciere queue`: look at the broker's queues, hold them and let them go.

mod hold;
mod list;
mod until;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::session::Session;
use crate::domain::pause::QueueName;
use until::Until;

/// Look at the queues, hold them or let them go
#[derive(Debug, Args)]
pub struct QueueArgs {
    #[command(subcommand)]
    pub command: QueueCommand,
}

#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// List the queues with their depth, their consumers, what the outbox still holds for them, and who holds them
    List,
    Pause(QueuePauseArgs),
    Resume(QueueResumeArgs),
}

/// Hold a queue on every node: nothing is taken from it or sent to it, and nothing is lost
///
/// Commands wait in the intake at the broker; messages for a sede or portal wait in the outbox, in their order.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere queue pause sede.230001 --until 2h --note \"manutenzione della sede\"
  usciere queue pause usciere.intake --until 2026-11-27T18:00:00+01:00")]
pub struct QueuePauseArgs {
    #[arg(value_name = "QUEUE")]
    pub queue: QueueName,
    /// Lets go by itself then: a time with its offset, or in how long (30m, 2h) [default: when somebody resumes it]
    #[arg(long, value_name = "TIME")]
    pub until: Option<Until>,
    /// Why; shown with the queue
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// Let a queue go on: what waited leaves in its order
#[derive(Debug, Args)]
pub struct QueueResumeArgs {
    #[arg(value_name = "QUEUE")]
    pub queue: QueueName,
}

pub async fn run(args: QueueArgs, session: &mut Session) -> Result<Exit, Failure> {
    match args.command {
        QueueCommand::List => list::run(session).await,
        QueueCommand::Pause(args) => hold::pause(args, session).await,
        QueueCommand::Resume(args) => hold::resume(&args, session).await,
    }
}

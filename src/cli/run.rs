//! `usciere run`: the engine.

use clap::{Args, ValueEnum};

/// Run the engine until it is asked to stop
#[derive(Debug, Args)]
#[command(after_help = "\
The first SIGTERM or Ctrl-C finishes the work in hand (20 s at most), the second stops at once.
SIGHUP reads registers and workflow files again.

Examples:
  usciere run
  usciere run --roles intake,relay")]
pub struct RunArgs {
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Role::ALL, hide_default_value = true, hide_possible_values = true, value_name = "ROLE,...", help = "What this node does: intake, relay, scheduler, mailer, web [default: all of them]")]
    pub roles: Vec<Role>,
}

/// A part of the work that can run on a node of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Role {
    /// Takes commands from the broker.
    Intake,
    /// Publishes what the engine decided.
    Relay,
    /// Runs the recurring jobs and the deadlines.
    Scheduler,
    /// Sends the mails.
    Mailer,
    /// Answers over HTTP. Health and metrics are answered by every node.
    Web,
}

impl Role {
    pub const ALL: [Self; 5] = [
        Self::Intake,
        Self::Relay,
        Self::Scheduler,
        Self::Mailer,
        Self::Web,
    ];
}

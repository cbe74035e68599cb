//! `usciere completions`: scripts that complete commands in a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::exit::{Exit, Failure};
use super::session::Session;

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  usciere completions bash > ~/.local/share/bash-completion/completions/usciere")]
pub struct CompletionsArgs {
    #[arg(value_enum)]
    pub shell: Shell,
}

pub fn run(args: &CompletionsArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "usciere", &mut script);
    session.printer.document(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

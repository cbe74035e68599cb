//! `usciere schema`: the documents generated from the program.

use clap::Args;

use super::exit::{Exit, Failure};
use super::reference;
use super::session::Session;

/// Print a generated document
#[derive(Debug, Args)]
#[command(after_help = "\
Documents:
  cli            the command line, in Markdown (docs/cli.md)
  configuration  every key of the configuration, in Markdown (docs/configuration.md)")]
pub struct SchemaArgs {
    /// Which document [default: list them]
    pub name: Option<String>,
}

pub fn run(args: &SchemaArgs, session: &mut Session) -> Result<Exit, Failure> {
    let text = match args.name.as_deref() {
        Some("cli") => reference::command_line(),
        Some("configuration") => reference::configuration(),
        Some(other) => return Err(Failure::not_found(format!("no document is called {other}"))),
        None => "cli\nconfiguration\n".to_owned(),
    };
    session.printer.document(&text)?;
    Ok(Exit::Ok)
}

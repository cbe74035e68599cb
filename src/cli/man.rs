//! `usciere man`: manual pages.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::Cli;
use super::exit::{Exit, Failure};
use super::session::Session;

/// Print the manual page, or write the pages of all commands
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere man | man -l -
  usciere man --dir /usr/local/share/man/man1")]
pub struct ManArgs {
    /// Writes one page per command into this folder
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

pub fn run(args: &ManArgs, session: &mut Session) -> Result<Exit, Failure> {
    if let Some(dir) = &args.dir {
        std::fs::create_dir_all(dir)?;
        clap_mangen::generate_to(Cli::command(), dir)?;
        session
            .printer
            .say(format!("manual pages written to {}", dir.display()));
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        session.printer.document(&String::from_utf8_lossy(&page))?;
    }
    Ok(Exit::Ok)
}

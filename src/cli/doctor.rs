//! `usciere doctor`: what keeps the system from working, and how to mend it.

use clap::Args;

use super::exit::{Exit, Failure};
use super::session::Session;

/// Look for what keeps the system from working; the exit code is 1 if something does
#[derive(Debug, Args)]
pub struct DoctorArgs {}

pub async fn run(_args: DoctorArgs, _session: &mut Session) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}

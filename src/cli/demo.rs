//! `usciere demo`: made-up requests for a development system, by the doors real ones come through.

pub(super) mod load;
mod people;
pub mod story;
mod traffic;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::reach;
use super::session::Session;
use crate::config::interval::Interval;
use crate::config::{Config, Profile};
use crate::store::Store;

/// Fill a development system with made-up requests, or keep it busy
#[derive(Debug, Args)]
pub struct DemoArgs {
    #[command(subcommand)]
    pub command: DemoCommand,
}

#[derive(Debug, Subcommand)]
pub enum DemoCommand {
    Load(DemoLoadArgs),
    Traffic(DemoTrafficArgs),
}

/// Make requests in every situation: waiting, overdue, solicited, answered, closed, with an appointment
///
/// Each is lived through day by day by the engine, so that dates, deadlines and protocol numbers are those of a real
/// one. Needs the example registers.
#[derive(Debug, Args)]
pub struct DemoLoadArgs {
    /// How many requests
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub requests: u16,
    /// Then multiply them up to so many more in the database itself: to see how a system grown old behaves
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    pub cases: Option<u32>,
}

/// Publish made-up requests at a steady rate, and answer some as their sedi would
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  usciere demo traffic --rate 20 --for 5m")]
pub struct DemoTrafficArgs {
    /// Requests a second
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub rate: u32,
    /// How long [default: until interrupted]
    #[arg(long = "for", value_name = "TIME")]
    pub duration: Option<Interval>,
}

pub async fn run(args: DemoArgs, session: &mut Session) -> Result<Exit, Failure> {
    match args.command {
        DemoCommand::Load(args) => load::run(&args, session).await,
        DemoCommand::Traffic(args) => traffic::run(&args, session).await,
    }
}

/// The system to fill: a development one unless somebody says otherwise, and never one with real requests.
async fn made_up(session: &Session) -> Result<(Config, Store), Failure> {
    let (config, store) = reach::database_as(session, Some(Profile::Dev)).await?;
    only_in_development(&config)?;
    Ok((config, store))
}

/// Made-up requests never stand among real ones.
fn only_in_development(config: &Config) -> Result<(), Failure> {
    match config.profile {
        Profile::Dev | Profile::Test => Ok(()),
        Profile::Prod => Err(
            Failure::new(Exit::NotAllowed, "made-up requests do not belong in production")
                .fix("use a system with profile dev or test"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_gets_no_made_up_requests() {
        let of = |profile| Config {
            profile,
            ..Config::default()
        };
        assert!(only_in_development(&of(Profile::Dev)).is_ok());
        assert_eq!(
            only_in_development(&of(Profile::Prod)).unwrap_err().exit.code(),
            4
        );
    }
}

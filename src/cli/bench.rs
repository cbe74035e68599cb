//! `usciere bench`: how close the engine comes to the broker's own limit, on this machine, in one run.

use std::path::Path;

use clap::Args;

use super::dev::{supply, unavailable};
use super::exit::{Exit, Failure};
use super::output::Row;
use super::session::Session;
use crate::bench::report::{Line, Report};
use crate::bench::{self, BenchError, Place, Plan};
use crate::config::interval::Interval;
use crate::config::{Config, Profile};
use crate::dev::{DataFolder, Services, ServicesOptions, examples};
use crate::node;

/// Measure the engine against what the broker can do without it
#[derive(Debug, Args)]
#[command(after_help = "\
Starts a private PostgreSQL and RabbitMQ that nothing else uses, or takes those of DATABASE_URL and AMQP_URL, which must
be empty. By turns, a bare forwarder and a node work off a backlog, keep up with live traffic, and answer at a steady
rate. Only the ratios mean anything on another machine. Build with `--release`.

Examples:
  usciere bench
  usciere bench --requests 100000 --rounds 5 -o json")]
pub struct BenchArgs {
    /// Requests of each backlog and each live run
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub requests: u32,
    /// Requests a second while latency is measured
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// How long latency is measured
    #[arg(long = "for", value_name = "TIME", default_value = "10s")]
    pub duration: Interval,
    /// How often all of it is repeated; figures are medians
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=99))]
    pub rounds: u8,
}

pub async fn run(args: BenchArgs, session: &mut Session) -> Result<Exit, Failure> {
    let loaded = session.load(Some(Profile::Test))?;
    let mut config = loaded.config.clone();
    if config.profile.is_production() {
        return Err(Failure::new(
            Exit::NotAllowed,
            "made-up requests do not belong in production",
        ));
    }
    let folder = tempfile::tempdir()?;
    let options = ServicesOptions {
        folder: DataFolder::Temporary,
        postgres: supply(&loaded, "database.url", config.database.url.expose())?,
        broker: supply(&loaded, "amqp.url", &config.amqp.url.0)?,
        guard: std::env::current_exe()?,
    };
    session.printer.say("starting PostgreSQL and RabbitMQ ...");
    let services = Services::start(&options).await.map_err(unavailable)?;
    point(&mut config, &services)?;
    let outcome = tokio::select! {
        outcome = measure(&args, config, folder.path(), &services, session) => outcome,
        error = services.failed() => Err(unavailable(error)),
    };
    services.stop().await.map_err(unavailable)?;
    print(&outcome?, session)?;
    Ok(Exit::Ok)
}

fn point(config: &mut Config, services: &Services) -> Result<(), Failure> {
    let wrong = |_| Failure::new(Exit::Configuration, "an address of the services is no URL");
    config.database.url = services.database_url().as_str().parse().map_err(wrong)?;
    config.amqp.url = crate::config::amqp::BrokerUrl(services.amqp_url().to_string());
    Ok(())
}

async fn measure(
    args: &BenchArgs,
    config: Config,
    folder: &Path,
    services: &Services,
    session: &mut Session,
) -> Result<Report, Failure> {
    let store = node::store(&config, &config.node.name())?;
    store.migrate().await?;
    examples::load(&store).await.map_err(anyhow::Error::from)?;
    let registers = store.load_registers().await?;
    let plan = Plan {
        requests: args.requests.try_into().unwrap_or(usize::MAX),
        rate: args.rate,
        duration: args.duration.get(),
        rounds: args.rounds.into(),
    };
    let place = Place {
        config,
        program: std::env::current_exe()?,
        folder: folder.to_owned(),
        services: services.folder().map(Path::to_owned),
    };
    let told = |step: &str| session.printer.say(step);
    Ok(bench::run(&plan, &place, &store, &registers, told).await?)
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Broker(error) => error.into(),
            BenchError::Store(error) => error.into(),
            error @ (BenchError::Process(_) | BenchError::Wrong { .. }) => {
                Self::new(Exit::Failed, error.to_string())
            }
        }
    }
}

fn print(report: &Report, session: &mut Session) -> Result<(), Failure> {
    session.printer.say(format!(
        "medians of {} rounds of {} requests, latency at {}/s, on {} processors",
        report.rounds, report.requests, report.rate, report.processors
    ));
    session.printer.rows(&report.lines)
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &["measure", "unit", "limit", "engine", "ratio", "aim"];

    fn cells(&self) -> Vec<String> {
        let figure = |figure: Option<f64>| figure.map(|figure| format!("{figure:.1}")).unwrap_or_default();
        vec![
            self.measure.to_owned(),
            self.unit.to_owned(),
            figure(self.limit),
            figure(Some(self.engine)),
            self.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            self.aim.unwrap_or_default().to_owned(),
        ]
    }
}

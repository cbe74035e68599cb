//! `usciere bench`: how close the engine comes to the broker's own limit, on this machine, in one run.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::demo;
use super::dev::{supply, unavailable};
use super::exit::{Exit, Failure};
use super::output::Row;
use super::reach;
use super::session::Session;
use crate::bench::baseline::Baseline;
use crate::bench::report::{Aim, Line, Report};
use crate::bench::{self, BenchError, Machine, Place, Plan, Way};
use crate::config::interval::Interval;
use crate::config::{Config, Profile};
use crate::dev::{DataFolder, Services, ServicesOptions, examples};
use crate::identity::development::{DevelopmentKey, DevelopmentKeyError};
use crate::node;
use crate::store::Store;

/// Requests that are lived through before they are multiplied.
const LIVED: u16 = 50;

/// Measure the engine against what the broker can do without it
#[derive(Debug, Args)]
#[command(after_help = "\
Starts a private PostgreSQL and RabbitMQ that nothing else uses, or takes those of DATABASE_URL and
AMQP_URL, which must be empty. By turns, a bare forwarder and a node work off a backlog, keep up
with live traffic, and answer at a steady rate; a node that takes requests one by one works off a
tenth, two and three nodes share a backlog, and 64 clients submit over HTTP. A node with nothing to
do is left alone. With --cases people ask their questions, half of what waits falls due at once and
the rest while requests come in, and dead letters are worked again. Nothing is told before every
message is known to have arrived. Only the ratios mean anything on another machine. Build with
`--release`.

Examples:
  usciere bench
  usciere bench --requests 100000 --rounds 5 --report bench.json
  usciere bench --broker-apart
  USCIERE_AMQP__QUEUE_TYPE=classic usciere bench")]
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
    /// Keep the private broker to half of the processors, and everything else to the other half
    #[arg(long)]
    pub broker_apart: bool,
    /// Then fill the database with so many requests, and measure again
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    pub cases: Option<u32>,
    /// Write everything found out into a file, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Warn of what is worse than in the report of an earlier run
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
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
    let baseline = args.baseline.as_deref().map(Baseline::read).transpose();
    let baseline = baseline.map_err(|error| Failure::usage(error.to_string()))?;
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
    let report = outcome?;
    if let Some(path) = &args.report {
        let json = serde_json::to_string_pretty(&report).map_err(anyhow::Error::from)?;
        std::fs::write(path, json + "\n")?;
    }
    print(&report, baseline.as_ref(), session)?;
    Ok(Exit::Ok)
}

fn point(config: &mut Config, services: &Services) -> Result<(), Failure> {
    let wrong = |_| Failure::new(Exit::Configuration, "an address of the services is no URL");
    let database = services.database_socket();
    let database = database.as_ref().unwrap_or(services.database_url());
    config.database.url = database.as_str().parse().map_err(wrong)?;
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
    let machine = Machine::this(args.broker_apart);
    if args.broker_apart {
        let folder = services.folder();
        bench::set_broker_apart(
            folder.ok_or_else(|| Failure::usage("a given broker has its own processors"))?,
        )?;
    }
    let store = node::store(&config, &config.node.name())?;
    store.migrate().await?;
    let is_private = services.database_socket().is_some();
    if is_private {
        store.fill_wal().await?;
    }
    examples::load(&store).await.map_err(anyhow::Error::from)?;
    let registers = store.load_registers().await?;
    let plan = Plan {
        requests: args.requests.try_into().unwrap_or(usize::MAX),
        rate: args.rate,
        duration: args.duration.get(),
        rounds: args.rounds.into(),
        ways: Way::ALL,
    };
    let place = Place {
        config,
        program: std::env::current_exe()?,
        folder: folder.to_owned(),
        services: services.folder().map(Path::to_owned),
        machine,
        http: free_port()?,
        token: token(&store).await?,
    };
    let mut report = bench::run(&plan, &place, &store, &registers, |step| {
        session.printer.say(step);
    })
    .await?;
    session.printer.say("a node with nothing to do");
    bench::leave_alone(&place, &store, &mut report).await?;
    if let Some(cases) = args.cases {
        session
            .printer
            .say(format!("filling the database with {cases} requests ..."));
        demo::load::live(LIVED, cases, &place.config, &store, session).await?;
        if is_private {
            // What filling it still has to write would be written while others are measured.
            store.fill_wal().await?;
        }
        let grown = Plan {
            ways: &[Way::Bare, Way::Engine],
            ..plan
        };
        let clock = reach::clock(&place.config, &store).await?;
        let engine = node::engine_only(&place.config, &store, clock)
            .await
            .map_err(super::run::failure)
            .map(Arc::new)?;
        let told = |step: &str| session.printer.say(step);
        bench::run_grown(&grown, &place, &store, &registers, &engine, &mut report, told).await?;
    }
    Ok(report)
}

/// Nobody listens there now.
fn free_port() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Of the operator whose requests are submitted.
async fn token(store: &Store) -> Result<String, Failure> {
    let valid = Duration::from_hours(24);
    let issued = DevelopmentKey::of(store).await?.issue(&bench::operator(), valid);
    Ok(issued.map_err(DevelopmentKeyError::Broken)?.token)
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Broker(error) => error.into(),
            BenchError::Store(error) => error.into(),
            error @ (BenchError::Call(_)
            | BenchError::Handle(_)
            | BenchError::Process(_)
            | BenchError::NotReady(_)
            | BenchError::Replay { .. }
            | BenchError::Wrong { .. }
            | BenchError::Untold { .. }) => Self::new(Exit::Failed, error.to_string()),
        }
    }
}

fn print(report: &Report, baseline: Option<&Baseline>, session: &mut Session) -> Result<(), Failure> {
    let Report {
        rounds,
        requests,
        rate,
        queue_type,
        messages_per_request,
        machine,
        ..
    } = report;
    session.printer.say(format!(
        "medians of {rounds} rounds of {requests} requests, {queue_type} queues, {messages_per_request} messages out \
         for each, latency at {rate}/s"
    ));
    session.printer.say(format!(
        "on {} processors ({}), {} MiB",
        machine.processors,
        machine.processor.as_deref().unwrap_or("unknown"),
        machine.memory_mib.unwrap_or_default()
    ));
    if machine.broker_apart {
        session.printer.say("half of them are the broker's alone");
    }
    if !machine.optimised {
        session
            .printer
            .say("WITHOUT OPTIMISATION: build with --release for figures that mean something");
    }
    for warning in baseline.iter().flat_map(|baseline| baseline.warnings(report)) {
        session.printer.say(format!("worse than before: {warning}"));
    }
    session.printer.rows(&report.lines)
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &["measure", "unit", "limit", "engine", "ratio", "aim", "share"];

    fn cells(&self) -> Vec<String> {
        let figure = |figure: Option<f64>| figure.map(|figure| format!("{figure:.1}")).unwrap_or_default();
        vec![
            self.measure.to_owned(),
            self.unit.to_owned(),
            figure(self.limit),
            figure(Some(self.engine)),
            self.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            self.aim.map(|aim| aim.to_string()).unwrap_or_default(),
            bar(self),
        ]
    }
}

/// How much of the limit was reached, where more is better.
fn bar(line: &Line) -> String {
    const WIDTH: usize = 20;
    let (Some(Aim::AtLeast(_)), Some(ratio)) = (line.aim, line.ratio) else {
        return String::new();
    };
    let full = (1..=WIDTH).filter(|&part| f64::from(u32::try_from(part).unwrap_or(0)) <= ratio * 20.0 + 0.5);
    let full = full.count();
    format!("{}{}", "█".repeat(full), "░".repeat(WIDTH - full))
}

//! `usciere run`: the engine.

use clap::Args;

use super::exit::{Exit, Failure};
use super::session::Session;
use crate::clock::Clock;
use crate::config::Config;
use crate::lifecycle::readiness::{Part, Readiness};
use crate::lifecycle::signals::Signals;
use crate::lifecycle::{Ended, GRACE, Shutdown};
use crate::node::{Node, NodeError, NodeOptions, Role};
use crate::telemetry::log::Verbosity;
use crate::telemetry::metrics::Exporter;

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

pub async fn run(args: RunArgs, session: &mut Session) -> Result<Exit, Failure> {
    let loaded = session.load(None)?;
    let exporter = telemetry(&loaded.config, session)?;
    let shutdown = Shutdown::new();
    let ended = serve(&loaded.config, &args.roles, &shutdown, exporter, |_| Ok(())).await?;
    Ok(ended)
}

/// Starts logs and metrics of a process that serves.
pub(super) fn telemetry(config: &Config, session: &Session) -> Result<Exporter, Failure> {
    let verbosity = match (session.globals.quiet, session.globals.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Configured,
        (false, 1) => Verbosity::Debug,
        (false, _) => Verbosity::Trace,
    };
    crate::telemetry::log::start(&config.log, verbosity, crate::amqp::SILENCED)
        .map_err(anyhow::Error::from)?;
    Ok(crate::telemetry::metrics::start().map_err(anyhow::Error::from)?)
}

/// Runs a node until it is asked to stop. `ready` hears once everything is up.
pub(super) async fn serve(
    config: &Config,
    roles: &[Role],
    shutdown: &Shutdown,
    exporter: Exporter,
    ready: impl FnOnce(&Node) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let signals = Signals::listen()?;
    let (asked, mut reloads) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(signals.drive(shutdown.clone(), move || {
        let _ = asked.send(());
    }));
    tokio::spawn(exporter.clone().upkeep());
    let readiness = Readiness::expecting(Part::ALL);
    let clock = Clock::system();
    clock.set_offset(config.clock.offset.get());
    let options = NodeOptions {
        config,
        roles,
        clock,
        shutdown,
        readiness: readiness.clone(),
    };
    let node = Node::start(options, exporter).await.map_err(failure)?;
    let (workflows, store) = (node.workflows.clone(), node.store.clone());
    tokio::spawn(async move {
        while reloads.recv().await.is_some() {
            workflows.reload(&store).await;
        }
    });
    tokio::select! {
        () = readiness.ready() => ready(&node)?,
        () = cancelled(shutdown) => {}
    }
    match shutdown.finished(GRACE).await {
        Ended::Drained => Ok(Exit::Ok),
        Ended::Cut(parts) => Err(Failure::new(
            Exit::Failed,
            format!(
                "work in hand was cut off; it will be done again ({})",
                parts.join(", ")
            ),
        )),
    }
}

async fn cancelled(shutdown: &Shutdown) {
    shutdown.soft().cancelled().await;
}

/// Which exit code a node ends with that cannot start.
pub(super) fn failure(error: NodeError) -> Failure {
    let exit = match &error {
        NodeError::Workflows(_)
        | NodeError::WorkflowChanged { .. }
        | NodeError::NotTheEngine
        | NodeError::Mail(_)
        | NodeError::Registry(_) => Exit::Configuration,
        NodeError::Schema { .. }
        | NodeError::Attachments(_)
        | NodeError::Identity(_)
        | NodeError::Http(..) => Exit::Failed,
        NodeError::Store(_) => Exit::Unavailable,
        NodeError::Stopped => Exit::Interrupted,
    };
    Failure::new(exit, "the engine cannot start").caused_by(error)
}

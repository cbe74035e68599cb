//! What is measured: the bare way in this process, or a node in a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::BenchError;
use super::load::Load;
use super::machine::Machine;
use super::meter;
use crate::amqp::BrokerError;
use crate::amqp::bare;
use crate::amqp::topology::shards::intake_queues;
use crate::config::Config;
use crate::config::amqp::AmqpSettings;
use crate::config::relay::RelaySettings;
use crate::domain::event::words;

words!(
    /// Which way messages go.
    Way {
        /// Through the broker alone.
        Bare = "bare",
        Engine = "engine",
        /// Through an engine that takes one request per transaction, as most do.
        Single = "one by one",
        /// Through two nodes that share the work.
        Two = "two nodes",
        /// Through three of them.
        Three = "three nodes",
        /// Through the engine's HTTP API.
        Http = "http",
    }
);

impl Way {
    /// Whether nodes share the work: a bucket that changes hands is published again, under the same ids.
    pub(super) const fn is_shared(self) -> bool {
        match self {
            Self::Two | Self::Three => true,
            Self::Bare | Self::Engine | Self::Single | Self::Http => false,
        }
    }

    /// Each way has exchanges and an intake of its own; both lead to the same queues of sedi.
    pub(super) fn settings(self, config: &Config) -> AmqpSettings {
        let mut settings = config.amqp.clone();
        match self {
            Self::Bare => settings.prefix = format!("{}-bare", settings.prefix),
            Self::Engine | Self::Single | Self::Two | Self::Three | Self::Http => {}
        }
        settings
    }
}

/// What a node does that only takes in and sends out.
const WORK: &str = "intake,relay";
const EVERYTHING: &str = "intake,relay,scheduler,mailer,web";
/// Another node on the same machine.
const ELSEWHERE: [(&str, &str); 1] = [("USCIERE_HTTP__LISTEN", "127.0.0.1:0")];

/// One person at one address makes all the calls.
const NO_LIMITS: [(&str, &str); 4] = [
    ("USCIERE_HTTP__RATE_LIMIT__PER_PERSON", "1000000"),
    ("USCIERE_HTTP__RATE_LIMIT__PER_PERSON_BURST", "1000000"),
    ("USCIERE_HTTP__RATE_LIMIT__PER_ADDRESS", "1000000"),
    ("USCIERE_HTTP__RATE_LIMIT__PER_ADDRESS_BURST", "1000000"),
];

/// Where everything runs.
#[derive(Debug)]
pub struct Place {
    pub config: Config,
    /// What a node is started from: this program.
    pub program: PathBuf,
    /// For the files and the log of the node.
    pub folder: PathBuf,
    /// The folder of the private services, whose processes are measured.
    pub services: Option<PathBuf>,
    /// As it was before the broker was set apart.
    pub machine: Machine,
    /// Where a node listens.
    pub http: SocketAddr,
    /// Lets into its HTTP API.
    pub token: String,
}

impl Place {
    fn node_log(&self) -> PathBuf {
        self.folder.join("node.log")
    }

    /// The last the node said, for whoever asks why nothing came of it.
    pub(super) fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.node_log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(3)..].join("\n")
    }
}

/// What is being measured.
pub(super) enum Running {
    Bare {
        stop: CancellationToken,
        task: JoinHandle<Result<(), BrokerError>>,
    },
    Engine(Vec<Child>),
}

impl Running {
    pub(super) fn start(way: Way, place: &Place, load: &Load) -> Result<Self, BenchError> {
        match way {
            Way::Bare => Ok(Self::bare(place, load)),
            Way::Engine => Self::nodes([node(place, WORK, &[])]),
            Way::Single => Self::nodes([node(place, WORK, &[("USCIERE_ENGINE__BATCH", "1")])]),
            Way::Two => Self::nodes([node(place, WORK, &[]), node(place, WORK, &ELSEWHERE)]),
            Way::Three => Self::nodes([
                node(place, WORK, &[]),
                node(place, WORK, &ELSEWHERE),
                node(place, WORK, &ELSEWHERE),
            ]),
            Way::Http => Self::nodes([node(place, "intake,relay,web", &NO_LIMITS)]),
        }
    }

    pub(super) fn of_every_role(place: &Place) -> Result<Self, BenchError> {
        Self::nodes([node(place, EVERYTHING, &[])])
    }

    fn nodes<const N: usize>(nodes: [Result<Child, BenchError>; N]) -> Result<Self, BenchError> {
        nodes.into_iter().collect::<Result<_, _>>().map(Self::Engine)
    }

    fn bare(place: &Place, load: &Load) -> Self {
        let settings = Way::Bare.settings(&place.config);
        let queues = load.queues().to_vec();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let load = Load::of(queues);
            let prefix = settings.prefix.clone();
            let copies = |number| load.copies(&prefix, number);
            bare::forward(&settings, &intake_queues(&settings), copies, stopped).await
        });
        Self::Bare { stop, task }
    }

    /// The processes of nodes.
    pub(super) fn processes(&self) -> Vec<u32> {
        match self {
            Self::Bare { .. } => Vec::new(),
            Self::Engine(nodes) => nodes.iter().filter_map(Child::id).collect(),
        }
    }

    /// Whether it came to an end by itself: nothing more will arrive.
    pub(super) fn has_ended(&mut self) -> bool {
        match self {
            Self::Bare { task, .. } => task.is_finished(),
            Self::Engine(nodes) => nodes.iter_mut().any(|node| !matches!(node.try_wait(), Ok(None))),
        }
    }

    /// The most memory a node ever had, in MiB.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        self.processes().into_iter().filter_map(meter::peak_memory).max()
    }

    pub(super) async fn stop(self) -> Result<(), BenchError> {
        match self {
            Self::Bare { stop, task } => {
                stop.cancel();
                Ok(task
                    .await
                    .map_err(|error| BrokerError::Object(error.to_string()))??)
            }
            Self::Engine(mut nodes) => {
                for node in &nodes {
                    if let Some(process) = node.id().and_then(|id| i32::try_from(id).ok()) {
                        kill(Pid::from_raw(process), Signal::SIGTERM).map_err(std::io::Error::from)?;
                    }
                }
                for node in &mut nodes {
                    node.wait().await?;
                }
                Ok(())
            }
        }
    }
}

fn node(place: &Place, roles: &str, settings: &[(&str, &str)]) -> Result<Child, BenchError> {
    let config = &place.config;
    let log = std::fs::File::options()
        .append(true)
        .create(true)
        .open(place.node_log())?;
    let mut command = Command::new(&place.program);
    command
        .args(["run", "--roles", roles])
        // Said twice, they are a mistake.
        .env_remove("DATABASE_URL")
        .env_remove("AMQP_URL")
        .env("USCIERE_PROFILE", config.profile.as_str())
        .env("USCIERE_DATABASE__URL", config.database.url.expose())
        .env("USCIERE_AMQP__URL", &config.amqp.url.0)
        .env("USCIERE_AMQP__PREFIX", &config.amqp.prefix)
        .env("USCIERE_AMQP__QUEUE_TYPE", config.amqp.queue_type.as_str())
        .env(
            "USCIERE_AMQP__INTAKE_SHARDS",
            config.amqp.intake_shards.to_string(),
        )
        .env("USCIERE_HTTP__LISTEN", place.http.to_string())
        .env("USCIERE_LOG__LEVEL", "warn")
        // As anywhere but in tests, which look ten times a second.
        .env("USCIERE_RELAY__POLL", RelaySettings::default().poll.to_string())
        .env("USCIERE_RELAY__LEASE", RelaySettings::default().lease.to_string())
        .env(
            "USCIERE_SMTP__URL",
            format!("file:{}", place.folder.join("mail").display()),
        )
        .env(
            "USCIERE_ATTACHMENTS__URL",
            format!("file:{}", place.folder.join("attachments").display()),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .envs(settings.iter().copied())
        .kill_on_drop(true);
    Ok(command.spawn()?)
}

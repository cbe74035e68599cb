//! What is measured: the bare way in this process, or a node in a process of its own.

use std::path::PathBuf;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::BenchError;
use super::load::Load;
use super::meter;
use crate::amqp::BrokerError;
use crate::amqp::bare;
use crate::config::Config;
use crate::config::amqp::AmqpSettings;
use crate::domain::event::words;

words!(
    /// Which way messages go.
    Way {
        /// Through the broker alone.
        Bare = "bare",
        Engine = "engine",
    }
);

impl Way {
    /// Each way has exchanges and an intake of its own; both lead to the same queues of sedi.
    pub(super) fn settings(self, config: &Config) -> AmqpSettings {
        let mut settings = config.amqp.clone();
        match self {
            Self::Bare => settings.prefix = format!("{}-bare", settings.prefix),
            Self::Engine => {}
        }
        settings
    }
}

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
}

/// What is being measured.
pub(super) enum Running {
    Bare {
        stop: CancellationToken,
        task: JoinHandle<Result<(), BrokerError>>,
    },
    Engine(Child),
}

impl Running {
    pub(super) fn start(way: Way, place: &Place, load: &Load) -> Result<Self, BenchError> {
        match way {
            Way::Bare => Ok(Self::bare(place, load)),
            Way::Engine => Self::engine(place),
        }
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
            bare::forward(&settings, &format!("{}.intake", settings.prefix), copies, stopped).await
        });
        Self::Bare { stop, task }
    }

    fn engine(place: &Place) -> Result<Self, BenchError> {
        let config = &place.config;
        let log = std::fs::File::create(place.folder.join("node.log"))?;
        let child = Command::new(&place.program)
            .args(["run", "--roles", "intake,relay"])
            .env("USCIERE_PROFILE", config.profile.as_str())
            .env("USCIERE_DATABASE__URL", config.database.url.expose())
            .env("USCIERE_AMQP__URL", &config.amqp.url.0)
            .env("USCIERE_AMQP__PREFIX", &config.amqp.prefix)
            .env("USCIERE_AMQP__QUEUE_TYPE", config.amqp.queue_type.as_str())
            .env("USCIERE_HTTP__LISTEN", "127.0.0.1:0")
            .env("USCIERE_LOG__LEVEL", "warn")
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
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self::Engine(child))
    }

    /// The processes that do the work.
    pub(super) fn process(&self) -> u32 {
        match self {
            Self::Bare { .. } => std::process::id(),
            Self::Engine(child) => child.id().unwrap_or_default(),
        }
    }

    /// The most memory it ever had, in MiB; of the bare way nobody asks, since it shares its process with the load.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        match self {
            Self::Bare { .. } => None,
            Self::Engine(_) => meter::peak_memory(self.process()),
        }
    }

    pub(super) async fn stop(self) -> Result<(), BenchError> {
        match self {
            Self::Bare { stop, task } => {
                stop.cancel();
                Ok(task
                    .await
                    .map_err(|error| BrokerError::Object(error.to_string()))??)
            }
            Self::Engine(mut child) => {
                let process = child.id().and_then(|id| i32::try_from(id).ok());
                if let Some(process) = process {
                    kill(Pid::from_raw(process), Signal::SIGTERM).map_err(std::io::Error::from)?;
                }
                child.wait().await?;
                Ok(())
            }
        }
    }
}

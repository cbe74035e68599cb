//! A private PostgreSQL or RabbitMQ that dies and comes back with what it had written.

pub(crate) mod standby;

use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;
use url::Url;
use usciere::clock::Clock;
use usciere::dev::{DataFolder, Services, ServicesOptions, Supply, processes_of};

const GONE_WITHIN: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Broker,
}

/// One server in a folder of its own.
pub(crate) struct Service {
    kind: Kind,
    folder: PathBuf,
    running: Option<Services>,
    address: watch::Sender<String>,
}

impl Service {
    pub(crate) async fn start(kind: Kind) -> Self {
        let mut service = Self::new(kind);
        service.up().await;
        service
    }

    fn new(kind: Kind) -> Self {
        let name = format!("usciere-chaos-{}", Clock::system().new_id().simple());
        Self {
            kind,
            folder: std::env::temp_dir().join(name),
            running: None,
            address: watch::Sender::new(String::new()),
        }
    }

    /// Starts it again on what is there; complete when it answers.
    pub(crate) async fn up(&mut self) {
        let elsewhere = Supply::Given("none://none".parse().unwrap());
        let (postgres, broker) = match self.kind {
            Kind::Postgres => (Supply::Private, elsewhere),
            Kind::Broker => (elsewhere, Supply::Private),
        };
        let options = ServicesOptions {
            folder: DataFolder::Kept(self.folder.clone()),
            postgres,
            broker,
            guard: env!("CARGO_BIN_EXE_usciere").into(),
        };
        let services = Services::start(&options)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        services.folder().unwrap().clone_into(&mut self.folder);
        self.running = Some(services);
        let url = self.url();
        let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        self.address.send_replace(address);
    }

    /// Where it really is.
    pub(crate) fn url(&self) -> Url {
        let services = self.running.as_ref().expect("it runs");
        match self.kind {
            Kind::Postgres => services.database_url().clone(),
            Kind::Broker => services.amqp_url().clone(),
        }
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log/postgres.log")).unwrap()
    }

    pub(crate) fn management_url(&self) -> Url {
        self.running.as_ref().unwrap().management_url().unwrap().clone()
    }

    pub(crate) fn address(&self) -> watch::Receiver<String> {
        self.address.subscribe()
    }

    /// Ends the server by a signal to its main process.
    pub(crate) async fn die(&mut self, signal: Signal) {
        let services = self.running.take().expect("it runs");
        self.signal(signal);
        let _why = services.failed().await;
        services.stop().await.unwrap();
    }

    /// Stops it in good order.
    pub(crate) async fn down(&mut self) {
        self.running.take().expect("it runs").stop().await.unwrap();
    }

    /// Runs `rabbitmqctl`.
    pub(crate) async fn control(&self, arguments: &[&str]) -> Output {
        let state: serde_json::Value =
            serde_json::from_slice(&std::fs::read(self.folder.join("state.json")).unwrap()).unwrap();
        tokio::process::Command::new(control_program())
            .args(arguments)
            .env("HOME", self.folder.join("mq"))
            .env("RABBITMQ_NODENAME", "usciere@localhost")
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("ERL_EPMD_PORT", state["ports"]["broker"]["mapper"].to_string())
            .current_dir("/")
            .kill_on_drop(true)
            .output()
            .await
            .unwrap()
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.process() {
            kill(pid, signal).unwrap();
        }
    }

    fn process(&self) -> Option<Pid> {
        let file = match self.kind {
            Kind::Postgres => "pg/postmaster.pid",
            Kind::Broker => "mq/node.pid",
        };
        let text = std::fs::read_to_string(self.folder.join(file)).ok()?;
        Some(Pid::from_raw(text.lines().next()?.trim().parse().ok()?))
    }
}

/// The one in RabbitMQ's own folder, where a distribution's wrapper insists on its own user.
fn control_program() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/rabbitmq/lib")
        .into_iter()
        .flatten()
        .flatten();
    versions
        .map(|version| version.path().join("sbin/rabbitmqctl"))
        .find(|program| program.is_file())
        .unwrap_or_else(|| "rabbitmqctl".into())
}

impl Drop for Service {
    /// Nobody wants its data any more: it goes at once, and the folder with it.
    fn drop(&mut self) {
        if self.running.is_some() {
            self.signal(match self.kind {
                Kind::Postgres => Signal::SIGQUIT,
                Kind::Broker => Signal::SIGKILL,
            });
        }
        drop(self.running.take());
        let since = Instant::now();
        while !processes_of(&self.folder).is_empty() && since.elapsed() < GONE_WITHIN {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

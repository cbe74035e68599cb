//! A node of the engine: the real program as a process of its own, behind two proxies of its own.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use crate::proxy::Proxy;
use crate::world::World;

/// How a node is started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Orders {
    /// Where it kills itself: `committed@3`.
    pub(crate) fail_point: Option<String>,
    /// Settings other than the rig's.
    pub(crate) settings: Vec<(&'static str, String)>,
}

pub(crate) struct Engine {
    pub(crate) name: &'static str,
    pub(crate) database: Proxy,
    pub(crate) broker: Proxy,
    log: PathBuf,
    /// Where in the log its life began.
    log_from: u64,
    fail_point: Option<String>,
    child: Option<Child>,
}

impl Engine {
    /// A node that does not run yet.
    pub(crate) async fn new(world: &World, name: &'static str) -> Self {
        Self {
            name,
            database: Proxy::before(world.database.address()).await,
            broker: Proxy::before(world.broker.address()).await,
            log: world.folder.path().join(format!("{name}.log")),
            log_from: 0,
            fail_point: None,
            child: None,
        }
    }

    pub(crate) fn start(&mut self, world: &World, orders: &Orders) {
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        self.log_from = log.metadata().unwrap().len();
        self.fail_point.clone_from(&orders.fail_point);
        let mut database = world.database.url();
        database.set_port(Some(self.database.port)).unwrap();
        let mut broker = world.broker.url();
        broker.set_port(Some(self.broker.port)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_usciere"));
        command
            .args(["run", "--profile", "test"])
            .env("USCIERE_NODE__NAME", self.name)
            .env("USCIERE_DATABASE__URL", database.as_str())
            .env("USCIERE_AMQP__URL", broker.as_str())
            .env("USCIERE_AMQP__HEARTBEAT_SECONDS", "2")
            .env("USCIERE_SMTP__URL", world.smtp_url())
            .env("USCIERE_SMTP__TIMEOUT", "5s")
            .env("USCIERE_ATTACHMENTS__URL", world.attachments_url())
            .env("USCIERE_HTTP__LISTEN", "127.0.0.1:0")
            .env("USCIERE_LOG__FORMAT", "json")
            .env("USCIERE_LOG__LEVEL", "info,lapin=warn,sqlx=warn")
            .env("USCIERE_ENGINE__BATCH", "20")
            .env("LIVES_WITH", std::process::id().to_string())
            .envs(orders.settings.iter().map(|(name, value)| (*name, value)));
        if let Some(point) = &orders.fail_point {
            command.env("FAIL_POINT", point);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        self.child = Some(command.spawn().unwrap());
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.as_ref().and_then(Child::id).expect("it runs");
        kill(Pid::from_raw(i32::try_from(id).unwrap()), signal).unwrap();
    }

    pub(crate) async fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().await.unwrap();
    }

    /// How it ended by itself; `None` when it still runs after `patience`.
    pub(crate) async fn ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        let child = self.child.as_mut().expect("it runs");
        let status = tokio::time::timeout(patience, child.wait()).await.ok()?.unwrap();
        self.child = None;
        Some(status)
    }

    /// Waits until its fail point killed it.
    pub(crate) async fn killed_itself(&mut self) {
        let status = self.ended(crate::world::PATIENCE).await;
        let signal = status.and_then(|status| status.signal());
        assert_eq!(
            signal,
            Some(9),
            "{} did not reach its fail point: {status:?}",
            self.name
        );
    }

    /// Where it is to kill itself.
    pub(crate) fn fail_point(&self) -> Option<&str> {
        let point = self.fail_point.as_deref()?;
        Some(point.split_once('@').map_or(point, |(point, _)| point))
    }

    /// Whether it came so far as to consume, in this life.
    pub(crate) fn works(&self) -> bool {
        let mut log = File::open(&self.log).unwrap();
        log.seek(SeekFrom::Start(self.log_from)).unwrap();
        let mut life = String::new();
        self.child.is_some() && log.read_to_string(&mut life).is_ok() && life.contains("\"consuming\"")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

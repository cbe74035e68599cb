//! The private RabbitMQ node: its own name, cookie, ports and port mapper, with the management API, on loopback only.

use std::ffi::OsString;
use std::fmt::Write;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::folder::{Folder, new_secret};
use super::ports::BrokerPorts;
use super::process::{Process, Recipe};
use super::programs::BrokerPrograms;

/// The administrator of the node.
pub(super) const NAME: &str = "usciere";
/// The node stops in order within about 6 s, most of it waiting for its own statistics.
pub(super) const FAREWELL: &[(Signal, Duration)] = &[(Signal::SIGTERM, Duration::from_secs(12))];

/// What the pages of operators need, and an intake of several queues.
const PLUGINS: &str = "[rabbitmq_management,rabbitmq_consistent_hash_exchange].\n";

const POLL: Duration = Duration::from_millis(50);
const ANSWER: Duration = Duration::from_secs(5);
/// What a client of AMQP 0-9-1 says first; the broker answers with a method frame, whose first byte is 1.
const PROTOCOL_HEADER: &[u8] = b"AMQP\x00\x00\x09\x01";
const METHOD_FRAME: u8 = 1;

pub(super) struct Broker<'a> {
    pub(super) folder: &'a Folder,
    pub(super) programs: BrokerPrograms,
    pub(super) password: &'a str,
}

impl Broker<'_> {
    /// Erlang's port mapper in the foreground; the node would start one that outlives it.
    pub(super) fn start_mapper(&self, ports: BrokerPorts) -> io::Result<Process> {
        let port = ports.mapper.to_string();
        let arguments = ["-address", "127.0.0.1", "-port", &port];
        self.recipe(self.programs.mapper.clone(), "epmd.log")
            .start(arguments, [])
    }

    pub(super) async fn mapper_ready(&self, ports: BrokerPorts) {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, ports.mapper))
            .await
            .is_err()
        {
            sleep(POLL).await;
        }
    }

    pub(super) fn start(&self, ports: BrokerPorts) -> io::Result<Process> {
        self.write_files(ports)?;
        let arguments: [&str; 0] = [];
        self.recipe(self.programs.server.clone(), "rabbitmq-start.log")
            .start(arguments, self.environment(ports))
    }

    /// Answers when the node speaks AMQP and its management API HTTP: a listening port alone is not enough.
    pub(super) async fn ready(&self, ports: BrokerPorts) {
        while !speaks_amqp(ports.amqp).await || !speaks_http(ports.management).await {
            sleep(POLL).await;
        }
    }

    fn write_files(&self, ports: BrokerPorts) -> io::Result<()> {
        let home = self.folder.path("mq");
        let cookie = home.join(".erlang.cookie");
        if !cookie.exists() {
            self.folder.write_for_servers(&cookie, &new_secret(), 0o400)?;
        }
        let plugins = home.join("enabled_plugins");
        if !plugins.exists() {
            self.folder.write_for_servers(&plugins, PLUGINS, 0o600)?;
        }
        self.folder
            .write_for_servers(&home.join("rabbitmq.conf"), &self.configuration(ports), 0o600)
    }

    fn configuration(&self, ports: BrokerPorts) -> String {
        let mut text = String::new();
        for (key, value) in [
            ("listeners.tcp.1", format!("127.0.0.1:{}", ports.amqp)),
            ("management.tcp.ip", "127.0.0.1".to_owned()),
            ("management.tcp.port", ports.management.to_string()),
            ("default_user", NAME.to_owned()),
            ("default_pass", self.password.to_owned()),
            ("log.console", "false".to_owned()),
            ("log.file", "rabbitmq.log".to_owned()),
            ("log.file.rotation.size", "10485760".to_owned()),
            ("log.file.rotation.count", "2".to_owned()),
        ] {
            writeln!(text, "{key} = {value}").expect("writing to a string does not fail");
        }
        text
    }

    fn environment(&self, ports: BrokerPorts) -> impl Iterator<Item = (&'static str, OsString)> {
        let home = self.folder.path("mq");
        let inside = |name: &str| OsString::from(home.join(name));
        [
            // Makes the script become the node instead of watching over it.
            ("RUNNING_UNDER_SYSTEMD", "true".into()),
            ("HOME", home.clone().into()),
            ("RABBITMQ_NODENAME", "usciere@localhost".into()),
            ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".into()),
            ("RABBITMQ_NODE_PORT", ports.amqp.to_string().into()),
            ("RABBITMQ_DIST_PORT", ports.distribution.to_string().into()),
            ("RABBITMQ_MNESIA_BASE", inside("mnesia")),
            ("RABBITMQ_LOG_BASE", self.folder.path("log").into()),
            ("RABBITMQ_PID_FILE", inside("node.pid")),
            ("RABBITMQ_FEATURE_FLAGS_FILE", inside("feature_flags")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", inside("enabled_plugins")),
            ("RABBITMQ_CONFIG_FILE", inside("rabbitmq.conf")),
            ("RABBITMQ_CONF_ENV_FILE", "/dev/null".into()),
            (
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +B i".into(),
            ),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
            ("ERL_EPMD_PORT", ports.mapper.to_string().into()),
            ("ERL_CRASH_DUMP", self.folder.log("erl_crash.dump").into()),
        ]
        .into_iter()
    }

    fn recipe(&self, program: PathBuf, log: &'static str) -> Recipe<'_> {
        let working_folder = self.folder.path("mq");
        Recipe {
            folder: self.folder,
            program,
            working_folder,
            farewell: Signal::SIGKILL,
            log,
        }
    }
}

async fn speaks_amqp(port: u16) -> bool {
    first_byte(port, PROTOCOL_HEADER).await == Some(METHOD_FRAME)
}

async fn speaks_http(port: u16) -> bool {
    let question = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    first_byte(port, question).await == Some(b'H')
}

async fn first_byte(port: u16, question: &[u8]) -> Option<u8> {
    let ask = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(question).await?;
        stream.read_u8().await
    };
    timeout(ANSWER, ask).await.ok()?.ok()
}

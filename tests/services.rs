//! The private services of development mode, started for real: they answer, they go away with their parent however
//! it ends, they come back with their data. Needs PostgreSQL and RabbitMQ installed (`scripts/setup`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use serde_json::Value;
use tempfile::TempDir;
use usciere::dev::{DataFolder, Service, Services, ServicesError, ServicesOptions, Supply, processes_of};

const USCIERE: &str = env!("CARGO_BIN_EXE_usciere");
const PATIENCE: Duration = Duration::from_mins(3);

#[tokio::test]
async fn both_answer_and_a_stop_leaves_nothing() {
    let options = ServicesOptions {
        folder: DataFolder::Temporary,
        postgres: Supply::Private,
        broker: Supply::Private,
        guard: USCIERE.into(),
    };
    let services = Services::start(&options).await.unwrap();
    let folder = services.folder().unwrap().to_owned();
    assert!(processes_of(&folder).len() > 2, "the servers are not seen");
    assert_eq!(
        psql(services.database_url().as_str(), "select current_database()"),
        "usciere"
    );
    let letters = "select upper('è') || current_setting('fsync') || current_setting('synchronous_commit')";
    assert_eq!(psql(services.database_url().as_str(), letters), "Èonon");
    channel(services.amqp_url().as_str()).await;
    let management = services.management_url().unwrap().join("api/overview").unwrap();
    let overview: Value = ureq::get(management.as_str())
        .call()
        .unwrap()
        .body_mut()
        .read_json()
        .unwrap();
    assert_eq!(
        overview["listeners"].as_array().unwrap().len(),
        3,
        "AMQP, HTTP and clustering: {overview}"
    );
    services.stop().await.unwrap();
    assert_eq!(processes_of(&folder), [0; 0]);
    assert!(!folder.exists());
}

#[tokio::test]
async fn whatever_is_killed_nothing_stays_and_no_data_is_lost() {
    let folder = open_folder();
    let mut parent = Parent::start(Command::new(USCIERE), folder.path());
    psql(
        &parent.ready("database_url"),
        "create table kept as select 42 as answer",
    );
    let channel = channel(&parent.ready("amqp_url")).await;
    publish_confirmed(&channel).await;

    // As one that was set up before the intake could be spread.
    fs::write(
        folder.path().join("mq/enabled_plugins"),
        "[rabbitmq_management].\n",
    )
    .unwrap();
    parent.signal(Signal::SIGKILL);
    // At once, while the guard of the first is still stopping its servers.
    let mut parent = Parent::start(Command::new(USCIERE), folder.path());
    assert_eq!(
        psql(&parent.ready("database_url"), "select answer from kept"),
        "42"
    );
    assert_eq!(take(&parent.ready("amqp_url")).await, b"kept");
    a_missing_plugin_is_told_with_the_way_out(&parent.ready("database_url"), &parent.ready("amqp_url"));
    let second = Services::start(&postgres_only(folder.path())).await.unwrap_err();
    let guard = guard_of(folder.path());
    assert_eq!(
        second,
        ServicesError::AlreadyRunning {
            folder: folder.path().to_owned(),
            pid: Some(guard)
        }
    );

    signal(guard, Signal::SIGKILL);
    parent.signal(Signal::SIGKILL);
    wait_until("nothing is left of killed services", || {
        processes_of(folder.path()).is_empty()
    });
    let services = Services::start(&postgres_only(folder.path())).await.unwrap();
    assert_eq!(
        psql(services.database_url().as_str(), "select answer from kept"),
        "42"
    );
    services.stop().await.unwrap();
}

/// As root the binary is run as `nobody`; otherwise the tests themselves run as an ordinary user.
#[test]
fn an_ordinary_user_can_start_them_and_interrupt_them() {
    let folder = open_folder();
    let binary = folder.path().join("usciere");
    fs::copy(USCIERE, &binary).unwrap();
    let (command, owner) = if Uid::effective().is_root() {
        let nobody = User::from_name("nobody").unwrap().unwrap();
        std::os::unix::fs::chown(folder.path(), Some(nobody.uid.as_raw()), None).unwrap();
        let mut command = Command::new("setpriv");
        command
            .args([
                "--reuid",
                "nobody",
                "--regid",
                &nobody.gid.to_string(),
                "--clear-groups",
            ])
            .arg(&binary);
        (command, nobody.uid)
    } else {
        (Command::new(&binary), Uid::effective())
    };
    let data = folder.path().join("var");
    let mut parent = Parent::start(command, &data);
    assert_eq!(psql(&parent.ready("database_url"), "select 1"), "1");
    assert_eq!(fs::metadata(data.join("pg")).unwrap().uid(), owner.as_raw());
    parent.signal(Signal::SIGINT);
    assert_eq!(parent.child.wait().unwrap().code(), Some(0));
    assert_eq!(processes_of(&data), [0; 0]);
}

#[tokio::test]
async fn a_server_that_dies_is_reported_and_the_rest_is_stopped() {
    let folder = open_folder();
    let services = Services::start(&postgres_only(folder.path())).await.unwrap();
    let pid_file = fs::read_to_string(folder.path().join("pg/postmaster.pid")).unwrap();
    signal(pid_file.lines().next().unwrap().parse().unwrap(), Signal::SIGKILL);
    let error = services.failed().await;
    assert!(
        matches!(
            &error,
            ServicesError::Died {
                service: Service::Postgres,
                ..
            }
        ),
        "{error}"
    );
    services.stop().await.unwrap();
    assert_eq!(processes_of(folder.path()), [0; 0]);
}

#[tokio::test]
async fn a_port_that_somebody_took_is_replaced() {
    let folder = open_folder();
    let options = postgres_only(folder.path());
    let first = Services::start(&options).await.unwrap();
    let port = first.database_url().port().unwrap();
    first.stop().await.unwrap();
    let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let second = Services::start(&options).await.unwrap();
    assert_ne!(second.database_url().port().unwrap(), port);
    assert_eq!(psql(second.database_url().as_str(), "select 1"), "1");
    second.stop().await.unwrap();
}

/// A clone below /root is closed to the user that root runs the servers as; to an ordinary user a closed folder is
/// a mistake that has to be said.
#[tokio::test]
async fn a_closed_folder_is_replaced_for_root_and_refused_otherwise() {
    let closed = TempDir::new().unwrap();
    fs::set_permissions(closed.path(), Permissions::from_mode(0o700)).unwrap();
    let folder = closed.path().join("var");
    if Uid::effective().is_root() {
        let services = Services::start(&postgres_only(&folder)).await.unwrap();
        let other = services.folder().unwrap().to_owned();
        assert!(!other.starts_with(closed.path()) && services.account().is_some());
        assert_eq!(psql(services.database_url().as_str(), "select 1"), "1");
        services.stop().await.unwrap();
        fs::remove_dir_all(other).unwrap();
    } else {
        fs::set_permissions(closed.path(), Permissions::from_mode(0o500)).unwrap();
        let error = Services::start(&postgres_only(&folder)).await.unwrap_err();
        assert!(matches!(&error, ServicesError::Folder { .. }), "{error}");
    }
}

fn a_missing_plugin_is_told_with_the_way_out(database: &str, broker: &str) {
    for (command, code) in [
        (&["broker", "declare"][..], 3),
        (&["broker", "diff"], 1),
        (&["doctor"], 1),
    ] {
        let output = Command::new(USCIERE)
            .args(command)
            .env("USCIERE_AMQP__INTAKE_SHARDS", "2")
            .env("DATABASE_URL", database)
            .env("AMQP_URL", broker)
            .output()
            .unwrap();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8(told).unwrap();
        let way_out = "rabbitmq-plugins enable rabbitmq_consistent_hash_exchange";
        assert!(told.contains(way_out), "{command:?}: {told}");
        assert_eq!(output.status.code(), Some(code), "{command:?}: {told}");
    }
}

/// `usciere dev` in a process of its own.
struct Parent {
    child: Child,
    ready_file: PathBuf,
    _ready_folder: TempDir,
}

impl Parent {
    fn start(mut command: Command, data: &Path) -> Self {
        let ready_folder = TempDir::new().unwrap();
        fs::set_permissions(ready_folder.path(), Permissions::from_mode(0o777)).unwrap();
        let ready_file = ready_folder.path().join("ready.json");
        command
            .args(["--quiet", "dev", "--http-port", "0", "--data-dir"])
            .arg(data)
            .arg("--ready-file")
            .arg(&ready_file);
        command.env_remove("DATABASE_URL").env_remove("AMQP_URL");
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        Self {
            child,
            ready_file,
            _ready_folder: ready_folder,
        }
    }

    fn ready(&mut self, key: &str) -> String {
        let (child, file) = (&mut self.child, &self.ready_file);
        wait_until("the services are ready", || {
            assert_eq!(child.try_wait().unwrap(), None, "ended before it was ready");
            file.exists()
        });
        let ready: Value = serde_json::from_slice(&fs::read(&self.ready_file).unwrap()).unwrap();
        ready[key].as_str().unwrap().to_owned()
    }

    fn signal(&self, which: Signal) {
        signal(self.child.id(), which);
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that other users can get into, as most clones are.
fn open_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

fn postgres_only(folder: &Path) -> ServicesOptions {
    ServicesOptions {
        folder: DataFolder::Kept(folder.to_owned()),
        postgres: Supply::Private,
        broker: Supply::Given("amqp://not-used.invalid".parse().unwrap()),
        guard: USCIERE.into(),
    }
}

fn guard_of(folder: &Path) -> u32 {
    fs::read_to_string(folder.join("lock")).unwrap().parse().unwrap()
}

fn signal(process: u32, signal: Signal) {
    kill(Pid::from_raw(process.try_into().unwrap()), signal).unwrap();
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn psql(url: &str, statement: &str) -> String {
    let output = Command::new("psql")
        .args(["-XAtqc", statement, url])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn channel(url: &str) -> Channel {
    let connection = Connection::connect(url, ConnectionProperties::default())
        .await
        .unwrap();
    connection.create_channel().await.unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the broker is tested here, not the engine's way of publishing"
)]
async fn publish_confirmed(channel: &Channel) {
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await
        .unwrap();
    let durable = QueueDeclareOptions::durable();
    channel
        .queue_declare("kept".into(), durable, FieldTable::default())
        .await
        .unwrap();
    let properties = BasicProperties::default().with_delivery_mode(2);
    let confirmation = channel
        .basic_publish(
            "".into(),
            "kept".into(),
            BasicPublishOptions::default(),
            b"kept",
            properties,
        )
        .await
        .unwrap();
    assert!(confirmation.await.unwrap().is_ack());
}

async fn take(url: &str) -> Vec<u8> {
    let got = channel(url)
        .await
        .basic_get("kept".into(), BasicGetOptions::default())
        .await
        .unwrap();
    got.unwrap().delivery.data.clone()
}

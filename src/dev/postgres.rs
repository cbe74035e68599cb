//! The private PostgreSQL: a cluster of its own, as durable as a real one, with a password and on loopback only.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::sleep;

use super::error::{Service, ServicesError};
use super::folder::Folder;
use super::leftovers;
use super::process::{Process, Recipe, plain_environment};
use super::programs::PostgresPrograms;

/// The user, a superuser, and the database that the engine finds.
pub(super) const NAME: &str = "usciere";
/// Fast shutdown first, then immediate.
pub(super) const FAREWELL: &[(Signal, Duration)] = &[
    (Signal::SIGINT, Duration::from_secs(10)),
    (Signal::SIGQUIT, Duration::from_secs(5)),
];
/// For data that nobody wants any more. Never a kill: it would leave the server's children behind for a while.
pub(super) const QUICK_FAREWELL: &[(Signal, Duration)] = &[(Signal::SIGQUIT, Duration::from_secs(5))];

/// Nothing here trades durability for speed: what the engine is told to be committed must be.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "max_connections=300",
    "shared_buffers=512MB",
    "max_wal_size=1GB",
    "checkpoint_timeout=15min",
    "random_page_cost=1.1",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
];
/// The longest path of a Unix socket (`sun_path`), less the name that PostgreSQL adds.
const SOCKET_FOLDER_LIMIT: usize = 103 - "/.s.PGSQL.65535".len();
const POLL: Duration = Duration::from_millis(50);

pub(super) struct Postgres<'a> {
    pub(super) folder: &'a Folder,
    pub(super) programs: PostgresPrograms,
    pub(super) password: &'a str,
}

/// The version that made the data, `None` when there is none.
pub(super) fn data_major(folder: &Folder) -> Option<u32> {
    fs::read_to_string(data(folder).join("PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

fn data(folder: &Folder) -> PathBuf {
    folder.path("pg")
}

/// Removes the lock files of a server that was killed, when we know that no process of it is left. The server itself
/// would only ask whether the process id is in use, and a zombie or a stranger may have it.
pub(super) fn forget_killed_server(folder: &Folder) -> io::Result<()> {
    if !leftovers::ARE_SEEN || !data(folder).exists() {
        return Ok(());
    }
    for entry in fs::read_dir(data(folder))? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "postmaster.pid" || name.as_bytes().starts_with(b".s.PGSQL.") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

impl Postgres<'_> {
    /// Makes the cluster if there is none. It gets its name only when complete: one that was cut short is made anew.
    pub(super) async fn create(&self) -> Result<(), ServicesError> {
        if data(self.folder).exists() {
            return Ok(());
        }
        let unfinished = self.folder.path("pg.new");
        let secret = self.folder.path("pg.password");
        let prepared = self.prepare(&unfinished, &secret);
        prepared.map_err(|error| self.folder.unusable(&error))?;
        let arguments: [&OsStr; 9] = [
            "--pgdata".as_ref(),
            unfinished.as_ref(),
            "--pwfile".as_ref(),
            secret.as_ref(),
            "--username".as_ref(),
            NAME.as_ref(),
            "--auth=scram-sha-256".as_ref(),
            "--encoding=UTF8".as_ref(),
            "--lc-collate=C".as_ref(),
        ];
        let initdb = self
            .recipe("initdb", unfinished.clone(), "initdb.log", Signal::SIGKILL)
            .start(arguments, []);
        let mut initdb = initdb.map_err(|error| failed(&error, Vec::new()))?;
        let status = initdb.wait().await.map_err(|error| failed(&error, Vec::new()))?;
        if !status.success() {
            return Err(failed(
                &format_args!("initdb ended with {status}"),
                initdb.last_lines(),
            ));
        }
        let named = fs::remove_file(&secret).and_then(|()| fs::rename(&unfinished, data(self.folder)));
        named.map_err(|error| self.folder.unusable(&error))
    }

    pub(super) fn start(&self, port: u16) -> io::Result<Process> {
        let data = data(self.folder);
        let mut sockets = OsString::from("unix_socket_directories=");
        if data.as_os_str().as_bytes().len() <= SOCKET_FOLDER_LIMIT {
            sockets.push(&data);
        }
        let mut arguments = vec![OsString::from("-D"), data.clone().into()];
        let settings = SETTINGS
            .iter()
            .map(OsString::from)
            .chain([format!("port={port}").into(), sockets]);
        arguments.extend(settings.flat_map(|setting| ["-c".into(), setting]));
        // Immediate shutdown: the server takes its own children along.
        self.recipe("postgres", data, "postgres.log", Signal::SIGQUIT)
            .start(arguments, [])
    }

    /// Answers when the server takes questions and the database is there.
    pub(super) async fn ready(&self, port: u16) {
        let question = "select count(*) from pg_database where datname = 'usciere'";
        loop {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok() {
                match self.ask(port, question).await.as_deref() {
                    Some("1") => return,
                    Some(_) => drop(self.ask(port, "create database usciere").await),
                    None => {}
                }
            }
            sleep(POLL).await;
        }
    }

    /// The answer of the server, `None` when it gives none (yet).
    async fn ask(&self, port: u16, statement: &str) -> Option<String> {
        let mut psql = Command::new(self.programs.folder.join("psql"));
        psql.args([
            "--no-psqlrc",
            "--no-align",
            "--tuples-only",
            "--quiet",
            "--command",
            statement,
        ]);
        psql.env_clear()
            .envs(plain_environment())
            .env("PGCONNECT_TIMEOUT", "5");
        psql.env("PGHOST", "127.0.0.1")
            .env("PGPORT", port.to_string())
            .env("PGDATABASE", "postgres");
        psql.env("PGUSER", NAME).env("PGPASSWORD", self.password);
        psql.current_dir("/")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let output = psql.output().await.ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn prepare(&self, unfinished: &Path, secret: &Path) -> io::Result<()> {
        if unfinished.exists() {
            fs::remove_dir_all(unfinished)?;
        }
        fs::create_dir(unfinished)?;
        if let Some(account) = &self.folder.account {
            account.give(unfinished)?;
        }
        self.folder.write_for_servers(secret, self.password, 0o600)
    }

    fn recipe(
        &self,
        program: &str,
        working_folder: PathBuf,
        log: &'static str,
        farewell: Signal,
    ) -> Recipe<'_> {
        Recipe {
            folder: self.folder,
            program: self.programs.folder.join(program),
            working_folder,
            farewell,
            log,
        }
    }
}

fn failed(problem: &dyn std::fmt::Display, log: Vec<String>) -> ServicesError {
    ServicesError::Start {
        service: Service::Postgres,
        problem: problem.to_string(),
        log,
    }
}

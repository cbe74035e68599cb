//! Finds the installed servers: in the places where Debian, Fedora and Homebrew put them, then on PATH.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::ServicesError;
use super::protocol::Plan;

const POSTGRES_FOLDERS: &[(&str, &str)] = &[
    ("/usr/lib/postgresql", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
    ("/usr/lib64/pgsql", ""),
];
const BROKER_FOLDERS: &[(&str, &str)] = &[
    ("/usr/lib/rabbitmq/lib", "sbin"),
    ("/opt/homebrew/opt", "sbin"),
    ("/usr/local/opt", "sbin"),
];

const USUAL_FOLDERS: &[&str] = &[
    "/usr/local/bin",
    "/usr/bin",
    "/bin",
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
    "/opt/homebrew/bin",
];

/// The folder with `initdb`, `postgres` and `psql`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PostgresPrograms {
    pub(super) folder: PathBuf,
    pub(super) major: u32,
}

/// RabbitMQ's own start script (not the wrapper in /usr/sbin, which insists on its own user) and Erlang's mapper.
#[derive(Debug, Clone)]
pub(super) struct BrokerPrograms {
    pub(super) server: PathBuf,
    pub(super) mapper: PathBuf,
}

pub(super) struct Programs {
    pub(super) postgres: Option<PostgresPrograms>,
    pub(super) broker: Option<BrokerPrograms>,
}

/// What the plan needs, or everything that is missing at once. `major`: the version that made the existing data.
pub(super) fn find(plan: &Plan, major: Option<u32>) -> Result<Programs, ServicesError> {
    let mut missing = Vec::new();
    let postgres = plan.postgres.then(|| {
        find_postgres(major).ok_or_else(|| match major {
            Some(major) => format!("PostgreSQL {major} server (the data was made by that version)"),
            None => "PostgreSQL server".to_owned(),
        })
    });
    let broker = plan
        .broker
        .then(|| find_broker().ok_or_else(|| "RabbitMQ server (with Erlang)".to_owned()));
    let programs = Programs {
        postgres: keep_found(postgres, &mut missing),
        broker: keep_found(broker, &mut missing),
    };
    if missing.is_empty() {
        Ok(programs)
    } else {
        Err(ServicesError::ProgramsMissing { programs: missing })
    }
}

fn keep_found<T>(found: Option<Result<T, String>>, missing: &mut Vec<String>) -> Option<T> {
    match found? {
        Ok(found) => Some(found),
        Err(name) => {
            missing.push(name);
            None
        }
    }
}

fn find_postgres(major: Option<u32>) -> Option<PostgresPrograms> {
    let mut folders = below(POSTGRES_FOLDERS);
    folders.extend(search_path());
    let mut found: Vec<PostgresPrograms> = folders
        .into_iter()
        .filter(|folder| {
            ["initdb", "postgres", "psql"]
                .iter()
                .all(|name| folder.join(name).is_file())
        })
        .filter_map(|folder| {
            Some(PostgresPrograms {
                major: postgres_major(&folder)?,
                folder,
            })
        })
        .collect();
    found.sort_by_key(|programs| programs.major);
    found
        .into_iter()
        .rev()
        .find(|programs| major.is_none_or(|major| programs.major == major))
}

/// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)" is 15.
fn postgres_major(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(2)?.split('.').next()?.parse().ok()
}

fn find_broker() -> Option<BrokerPrograms> {
    let mut folders = below(BROKER_FOLDERS);
    folders.extend(search_path());
    // Only RabbitMQ's own folder has the script's companion; the wrappers of a distribution do not.
    let is_own =
        |folder: &PathBuf| folder.join("rabbitmq-server").is_file() && folder.join("rabbitmq-env").is_file();
    let server = folders.into_iter().rfind(is_own)?.join("rabbitmq-server");
    let mapper = search_path()
        .into_iter()
        .map(|folder| folder.join("epmd"))
        .find(|path| path.is_file())?;
    Some(BrokerPrograms { server, mapper })
}

/// `PARENT/*/LAST` for every pair, in the order of names, so that of several versions the newest is last.
fn below(places: &[(&str, &str)]) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for (parent, last) in places {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let mut inside: Vec<PathBuf> = entries.map(|entry| entry.path().join(last)).collect();
        inside.sort();
        folders.extend(inside);
    }
    folders
}

/// PATH and the usual places, which a service manager or `sudo` may have left out of it.
pub(super) fn search_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(USUAL_FOLDERS.iter().map(PathBuf::from))
        .collect()
}

//! The data folder: its place, its lock, its files and what is remembered from one start to the next.
//!
//! ```text
//! lock           held by the guard for as long as it lives; holds its process id
//! state.json     the password of both servers and the ports of the last start (0600)
//! pg/  mq/       what belongs to PostgreSQL and to RabbitMQ
//! log/           what they have to say
//! ```

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::Rng;
use rand::distr::Alphanumeric;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::account::Account;
use super::error::ServicesError;
use super::ports::Ports;
use super::protocol::Keep;

/// Where root keeps the data when the servers' user cannot get into the wanted folder.
const FALLBACK: &str = "/var/lib/usciere-dev";
/// A guard whose parent has just died needs this long to stop its servers and let go of the lock.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);
/// A guard that does not stop within this time is one that is running.
const LOCK_GRACE: Duration = Duration::from_secs(1);
const LOCK_POLL: Duration = Duration::from_millis(50);
const STOPPING: &str = "stopping";

pub(super) struct Folder {
    pub(super) root: PathBuf,
    pub(super) account: Option<Account>,
    lock: File,
    keep: Keep,
}

/// What one start leaves for the next.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) password: String,
    pub(super) ports: Ports,
}

impl Folder {
    /// Makes the folder where needed and takes its lock.
    pub(super) async fn open(wanted: &Path, keep: Keep) -> Result<Self, ServicesError> {
        let blame = |error: &dyn std::fmt::Display| unusable(wanted, error);
        let absolute = std::path::absolute(wanted).map_err(|error| blame(&error))?;
        let account = Account::choose(&absolute)?;
        create(&absolute, account.as_ref()).map_err(|error| blame(&error))?;
        if keep == Keep::Nothing && !is_empty(&absolute).map_err(|error| blame(&error))? {
            return Err(blame(&"it is to be removed at the end, but it is not empty now"));
        }
        let root = reachable(
            absolute.canonicalize().map_err(|error| blame(&error))?,
            account.as_ref(),
        )?;
        let lock = lock(&root).await?;
        let folder = Self {
            root,
            account,
            lock,
            keep,
        };
        for name in ["mq", "log"] {
            create(&folder.path(name), folder.account.as_ref())
                .map_err(|error| unusable(&folder.root, &error))?;
        }
        Ok(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.path("log").join(name)
    }

    pub(super) fn unusable(&self, problem: &dyn std::fmt::Display) -> ServicesError {
        unusable(&self.root, problem)
    }

    /// A file for the servers' user alone, replacing what was there.
    pub(super) fn write_for_servers(&self, path: &Path, text: &str, mode: u32) -> io::Result<()> {
        write_private(path, text, mode)?;
        self.account.as_ref().map_or(Ok(()), |account| account.give(path))
    }

    /// The state of the last start, with other ports where somebody took one of them; saved.
    pub(super) fn state(&self) -> Result<State, ServicesError> {
        let path = self.path("state.json");
        let state = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice::<State>(&bytes).map_err(|error| self.unusable(&error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.first_state()?,
            Err(error) => return Err(self.unusable(&error)),
        };
        let ports = state
            .ports
            .or_free_ones()
            .map_err(|error| self.unusable(&error))?;
        let state = State { ports, ..state };
        self.save(&state)?;
        Ok(state)
    }

    fn first_state(&self) -> Result<State, ServicesError> {
        if self.path("pg").exists() || self.path("mq/mnesia").exists() {
            return Err(
                self.unusable(&"state.json with the password of its servers is gone; remove the folder")
            );
        }
        let ports = Ports::choose().map_err(|error| self.unusable(&error))?;
        Ok(State {
            password: new_secret(),
            ports,
        })
    }

    pub(super) fn save(&self, state: &State) -> Result<(), ServicesError> {
        let saved = serde_json::to_string(state)
            .map_err(io::Error::from)
            .and_then(|text| write_private(&self.path("state.json"), &text, 0o600));
        saved.map_err(|error| self.unusable(&error))
    }

    /// Says in the lock file that a start may wait for us.
    pub(super) fn mark_stopping(&mut self) -> io::Result<()> {
        write_lock(&mut self.lock, STOPPING)
    }

    /// Nobody uses the folder any more: what was not to be kept goes.
    pub(super) fn close(self) -> io::Result<()> {
        match self.keep {
            Keep::Data => Ok(()),
            Keep::Nothing => fs::remove_dir_all(&self.root),
        }
    }
}

pub(super) fn new_secret() -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(24)
        .map(char::from)
        .collect()
}

fn unusable(folder: &Path, problem: &dyn std::fmt::Display) -> ServicesError {
    ServicesError::Folder {
        folder: folder.to_owned(),
        problem: problem.to_string(),
    }
}

/// Only its owner looks into a folder that we make; what exists already stays as it is.
fn create(path: &Path, account: Option<&Account>) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::DirBuilder::new().mode(0o700).create(path)?;
    account.map_or(Ok(()), |account| account.give(path))
}

fn is_empty(folder: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(folder)?.next().is_none())
}

/// The folder itself, or for root a place of its own where the servers' user gets in: a clone below /root is closed.
fn reachable(folder: PathBuf, account: Option<&Account>) -> Result<PathBuf, ServicesError> {
    let Some(account) = account else { return Ok(folder) };
    if account.reaches(&folder) {
        return Ok(folder);
    }
    let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, folder.as_os_str().as_bytes());
    let other = Path::new(FALLBACK).join(name.simple().to_string());
    create(&other, Some(account)).map_err(|error| unusable(&other, &error))?;
    if account.reaches(&other) {
        return Ok(other);
    }
    Err(unusable(
        &folder,
        &format_args!(
            "the user {} cannot get into it, nor into {}",
            account.name,
            other.display()
        ),
    ))
}

/// Takes the lock, waiting for a guard that is about to end.
async fn lock(root: &Path) -> Result<File, ServicesError> {
    let path = root.join("lock");
    let blame = |error: io::Error| unusable(root, &error);
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    let started = Instant::now();
    loop {
        let mut file = options.open(&path).map_err(blame)?;
        match file.try_lock() {
            Ok(()) => {
                write_lock(&mut file, &std::process::id().to_string()).map_err(blame)?;
                return Ok(file);
            }
            Err(TryLockError::Error(error)) => return Err(blame(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let mut said = String::new();
        file.read_to_string(&mut said).map_err(blame)?;
        let patience = if said == STOPPING {
            LOCK_PATIENCE
        } else {
            LOCK_GRACE
        };
        if started.elapsed() > patience {
            return Err(ServicesError::AlreadyRunning {
                folder: root.to_owned(),
                pid: said.parse().ok(),
            });
        }
        sleep(LOCK_POLL).await;
    }
}

fn write_lock(file: &mut File, text: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

/// Written beside and renamed, so that a start that is killed here leaves the old file or the new one.
fn write_private(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut beside = OsString::from(path);
    beside.push(".new");
    match fs::remove_file(&beside) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;

    async fn opened(root: &TempDir) -> Folder {
        // Open to others, so that root's unprivileged user gets in.
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Folder::open(&root.path().join("var"), Keep::Data).await.unwrap()
    }

    #[tokio::test]
    async fn the_password_outlives_a_start_and_its_loss_is_said() {
        let root = TempDir::new().unwrap();
        let first = opened(&root).await.state().unwrap().password;
        let folder = opened(&root).await;
        assert_eq!(folder.state().unwrap().password, first);
        assert_eq!(
            fs::metadata(folder.path("state.json"))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600
        );

        fs::create_dir(folder.path("pg")).unwrap();
        fs::remove_file(folder.path("state.json")).unwrap();
        let error = folder.state().err().unwrap().to_string();
        assert!(
            error.contains("state.json with the password of its servers is gone"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_start_waits_for_a_guard_that_is_stopping() {
        let root = TempDir::new().unwrap();
        let mut held = opened(&root).await;
        held.mark_stopping().unwrap();
        let lets_go = async { drop(held) };
        let (_second, ()) = tokio::join!(opened(&root), lets_go);
    }

    #[tokio::test]
    async fn what_is_to_be_removed_must_be_new() {
        let root = TempDir::new().unwrap();
        fs::write(root.path().join("precious"), "").unwrap();
        let error = Folder::open(root.path(), Keep::Nothing)
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("it is not empty now"), "{error}");
        assert!(root.path().join("precious").exists());
    }
}

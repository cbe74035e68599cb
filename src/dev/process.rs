//! One server as a child of the guard: in its own process group, output in a log file, environment made by us alone.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::folder::Folder;
use super::guard;
use super::launch::{self, Launch};
use super::leftovers::MARK;
use super::programs;

const TAIL_LINES: usize = 12;

/// How to start a server; the rest of the command line and its environment follow.
pub(super) struct Recipe<'a> {
    pub(super) folder: &'a Folder,
    pub(super) program: PathBuf,
    pub(super) working_folder: PathBuf,
    /// What the kernel sends it when the guard dies.
    pub(super) farewell: Signal,
    /// The name of its log file.
    pub(super) log: &'static str,
}

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Option<Pid>,
    log: PathBuf,
}

impl Recipe<'_> {
    pub(super) fn start<A, E>(self, arguments: A, environment: E) -> io::Result<Process>
    where
        A: IntoIterator<Item: AsRef<OsStr>>,
        E: IntoIterator<Item = (&'static str, OsString)>,
    {
        let path = self.folder.log(self.log);
        let log = open_log(&path)?;
        let launch = Launch {
            account: self.folder.account.as_ref(),
            farewell: self.farewell,
        };
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args([guard::WORD, launch::WORD])
            .args(launch.arguments())
            .arg(&self.program)
            .args(arguments);
        command
            .env_clear()
            .envs(plain_environment())
            .env(MARK, &self.folder.root)
            .envs(environment);
        command
            .current_dir(&self.working_folder)
            .process_group(0)
            .kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn()?;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .map(Pid::from_raw);
        Ok(Process {
            child,
            group,
            log: path,
        })
    }
}

impl Process {
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Sends each signal in turn and gives it its time, then kills the whole group; waits until the child is gone.
    pub(super) async fn stop(&mut self, steps: &[(Signal, Duration)]) {
        for (signal, patience) in steps {
            self.signal(*signal);
            if timeout(*patience, self.child.wait()).await.is_ok() {
                break;
            }
        }
        self.signal(Signal::SIGKILL);
        // An error would say that there is no such child: it is gone either way.
        let _ = self.child.wait().await;
    }

    pub(super) fn last_lines(&self) -> Vec<String> {
        last_lines(&self.log)
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // The group may be empty already.
            let _ = killpg(group, signal);
        }
    }
}

/// What every program needs of ours: where other programs are, and a character set whose letters fold their case
/// (`È` and `è`).
pub(super) fn plain_environment() -> impl Iterator<Item = (&'static str, OsString)> {
    let locale = if cfg!(target_os = "macos") {
        "en_US.UTF-8"
    } else {
        "C.UTF-8"
    };
    // A folder with a colon in its name cannot be on PATH, so it was not.
    let path = std::env::join_paths(programs::search_path()).unwrap_or_default();
    [("PATH", path), ("LANG", locale.into())].into_iter()
}

/// A fresh log; the one of the last start is kept beside it.
fn open_log(path: &Path) -> io::Result<File> {
    if path.exists() {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    File::create(path)
}

pub(super) fn last_lines(log: &Path) -> Vec<String> {
    let text = fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..]
        .iter()
        .map(|line| (*line).to_owned())
        .collect()
}

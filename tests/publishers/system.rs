//! A whole system, started as the README says: `usciere dev`, in a folder of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tempfile::TempDir;

/// Longest anything is waited for: far above what it takes, only to end a test that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// How often it is looked whether it has come.
pub(crate) const LOOK: Duration = Duration::from_millis(20);

/// The ready file.
#[derive(Deserialize)]
pub(crate) struct Addresses {
    pub(crate) amqp_url: String,
    pub(crate) database_url: String,
    pub(crate) http_url: String,
    pub(crate) management_url: String,
    pub(crate) mail_dir: PathBuf,
}

pub(crate) struct System {
    child: Child,
    pub(crate) at: Addresses,
    _folder: TempDir,
}

impl System {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        // Started by root, the servers run as another user, who has to get in.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let ready = folder.path().join("ready.json");
        let workflows = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
        let mut child = Command::new(env!("CARGO_BIN_EXE_usciere"))
            .args(["dev", "--http-port", "0", "--data-dir", "var", "--ready-file"])
            .arg(&ready)
            .args(["--set", &format!("workflows.dir={}", workflows.display())])
            .current_dir(folder.path())
            // These would have it use other services than its own.
            .env_remove("DATABASE_URL")
            .env_remove("AMQP_URL")
            .env("LIVES_WITH", std::process::id().to_string())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("the system is ready", || {
            assert_eq!(child.try_wait().unwrap(), None, "ended before it was ready");
            ready.exists()
        });
        let at = serde_json::from_slice(&fs::read(&ready).unwrap()).unwrap();
        Self {
            child,
            at,
            _folder: folder,
        }
    }

    /// Stops it as Ctrl-C does.
    pub(crate) fn stop(mut self) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        wait_until("the system has stopped", || {
            self.child.try_wait().unwrap().is_some()
        });
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // Its guard takes the servers down.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        thread::sleep(LOOK);
    }
}

/// What a program printed that ended well.
pub(crate) fn printed_by(command: &mut Command) -> String {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("{command:?}: not done within {PATIENCE:?}");
        }
        thread::sleep(LOOK);
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

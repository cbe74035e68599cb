//! Processes that a killed guard may have left on a data folder, found by what cannot lie: their working folder or
//! the mark in their environment. Process ids in lock files are not trusted, the kernel gives them out again.

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

/// In the environment of every server: the data folder it belongs to.
pub(super) const MARK: &str = "USCIERE_DEV_FOLDER";

/// Whether [`processes_of`] can tell on this system.
pub(super) const ARE_SEEN: bool = cfg!(target_os = "linux");

const KILLED_WITHIN: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// Every process that belongs to the private services of a data folder (an absolute path). Linux only: elsewhere
/// none is seen, and the servers' own lock files speak.
#[cfg(target_os = "linux")]
pub fn processes_of(folder: &Path) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| belongs(Path::new("/proc").join(id.to_string()).as_path(), folder))
        .collect()
}

#[cfg(not(target_os = "linux"))]
pub fn processes_of(_folder: &Path) -> Vec<u32> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn belongs(process: &Path, folder: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;

    // PostgreSQL's own processes write their titles over the environment, but stay in their folder.
    let is_postgres = std::fs::read(process.join("comm")).is_ok_and(|name| name == b"postgres\n");
    if is_postgres && std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder.join("pg")) {
        return true;
    }
    let mark = [MARK.as_bytes(), b"=", folder.as_os_str().as_bytes()].concat();
    std::fs::read(process.join("environ"))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|entry| entry == mark))
}

/// Waits for what is left on the folder, whose lock the caller holds; after `patience` kills it. True when all is gone.
pub(super) async fn clear(folder: &Path, patience: Duration) -> bool {
    let started = Instant::now();
    loop {
        let left = processes_of(folder);
        if left.is_empty() {
            return true;
        }
        if started.elapsed() > patience + KILLED_WITHIN {
            return false;
        }
        if started.elapsed() >= patience {
            left.into_iter().for_each(end);
        }
        sleep(POLL).await;
    }
}

fn end(id: u32) {
    if let Ok(id) = i32::try_from(id) {
        // It may have ended by itself in between.
        let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
    }
}

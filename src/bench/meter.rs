//! What a run costs: processor time by who spends it (from `/proc`), transactions and WAL of the database.

use std::path::Path;
use std::time::Duration;

use super::BenchError;
use super::system::{Place, Running};
use crate::dev::processes_of;
use crate::store::{DatabaseWork, Store};

/// Processor time and work of one run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spent {
    pub(super) broker: Duration,
    pub(super) database: Duration,
    /// Of the node; the bare way shares its process with the driver.
    pub(super) engine: Duration,
    pub(super) driver: Duration,
    pub(super) work: DatabaseWork,
    pub(super) peak_memory: Option<u64>,
}

/// How things stood at the beginning.
pub(super) struct Meter<'a> {
    place: &'a Place,
    began: Servers,
    engine: Duration,
    driver: Duration,
    work: DatabaseWork,
}

impl<'a> Meter<'a> {
    pub(super) async fn start(
        place: &'a Place,
        store: &Store,
        running: &Running,
    ) -> Result<Self, BenchError> {
        Ok(Self {
            began: Servers::now(place),
            engine: spent_by_all(running),
            driver: spent_by(std::process::id()),
            work: store.database_work().await?,
            place,
        })
    }

    pub(super) async fn stop(self, running: &Running, store: &Store) -> Result<Spent, BenchError> {
        let now = Servers::now(self.place);
        Ok(Spent {
            broker: now.broker.saturating_sub(self.began.broker),
            database: now.database.saturating_sub(self.began.database),
            engine: spent_by_all(running).saturating_sub(self.engine),
            driver: spent_by(std::process::id()).saturating_sub(self.driver),
            work: store.database_work().await?.since(self.work),
            peak_memory: None,
        })
    }
}

/// Processor time of the private servers.
#[derive(Default)]
struct Servers {
    broker: Duration,
    database: Duration,
}

impl Servers {
    fn now(place: &Place) -> Self {
        let mut servers = Self::default();
        for process in place.services.iter().flat_map(|folder| processes_of(folder)) {
            if is_database(process) {
                servers.database += spent_by(process);
            } else {
                servers.broker += spent_by(process);
            }
        }
        servers
    }
}

fn of_process(process: u32, file: &str) -> String {
    let path = Path::new("/proc").join(process.to_string()).join(file);
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Which of the private servers a process belongs to.
pub(super) fn is_database(process: u32) -> bool {
    of_process(process, "comm").trim() == "postgres"
}

/// User and system time of a process and its children that have ended (proc(5), fields 14 to 17, in ticks of 10 ms).
fn spent_by(process: u32) -> Duration {
    let stat = of_process(process, "stat");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(10 * ticks)
}

fn spent_by_all(running: &Running) -> Duration {
    running.processes().into_iter().map(spent_by).sum()
}

/// The most memory a process ever had resident, in MiB.
pub(super) fn peak_memory(process: u32) -> Option<u64> {
    let status = of_process(process, "status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_seen() {
        let mut sum = 0_u64;
        while spent_by(std::process::id()).is_zero() {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(peak_memory(std::process::id()) > Some(0));
        assert_eq!(spent_by(0), Duration::ZERO);
    }
}

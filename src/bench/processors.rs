//! Processors of its own for the broker, as it has where it stands on hosts of its own: then what the engine takes is
//! not taken from the limit it is measured against.

use std::io;
use std::path::Path;

use super::BenchError;
use super::meter::is_database;
use crate::dev::processes_of;

/// Gives the private broker the first half of this process's processors; the private database, this process and what
/// it starts from now on have the other half.
pub fn set_broker_apart(services: &Path) -> Result<(), BenchError> {
    let (broker, others): (Vec<u32>, Vec<u32>) = processes_of(services)
        .into_iter()
        .partition(|process| !is_database(*process));
    let (first, second) = halves()?;
    for process in broker {
        keep_to(process, &first)?;
    }
    for process in others.into_iter().chain([std::process::id()]) {
        keep_to(process, &second)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
mod kernel {
    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    use super::io;

    pub(super) type Processors = CpuSet;

    pub(super) fn halves() -> io::Result<(Processors, Processors)> {
        let ours = sched_getaffinity(Pid::from_raw(0))?;
        let mut numbers = Vec::new();
        for number in 0..CpuSet::count() {
            if ours.is_set(number)? {
                numbers.push(number);
            }
        }
        let (first, second) = numbers.split_at(numbers.len() / 2);
        if first.is_empty() {
            return Err(io::Error::other("one processor cannot be divided"));
        }
        Ok((set(first)?, set(second)?))
    }

    fn set(numbers: &[usize]) -> io::Result<Processors> {
        let mut processors = CpuSet::new();
        for number in numbers {
            processors.set(*number)?;
        }
        Ok(processors)
    }

    /// All threads of a process. One that has ended meanwhile needs none.
    pub(super) fn keep_to(process: u32, processors: &Processors) -> io::Result<()> {
        for thread in std::fs::read_dir(format!("/proc/{process}/task"))
            .into_iter()
            .flatten()
        {
            let name = thread?.file_name();
            let Some(thread) = name.to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            match sched_setaffinity(Pid::from_raw(thread), processors) {
                Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use super::io;

    pub(super) struct Processors;

    pub(super) fn halves() -> io::Result<(Processors, Processors)> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    pub(super) fn keep_to(_process: u32, _processors: &Processors) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}

use kernel::{halves, keep_to};

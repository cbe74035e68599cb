//! The machine figures were measured on: without it they mean little, and with it not much more.

use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Machine {
    pub processors: usize,
    /// What the processor calls itself, where the system says it.
    pub processor: Option<String>,
    pub memory_mib: Option<u64>,
    pub system: Option<String>,
    /// Without optimisation figures of the node are worth nothing.
    pub optimised: bool,
    /// Half of the processors are the private broker's alone.
    pub broker_apart: bool,
}

impl Machine {
    pub fn this(broker_apart: bool) -> Self {
        let memory = line_of("/proc/meminfo", "MemTotal").and_then(|memory| {
            let kib: u64 = memory.split_whitespace().next()?.parse().ok()?;
            Some(kib / 1024)
        });
        let system = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        Self {
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            processor: line_of("/proc/cpuinfo", "model name"),
            memory_mib: memory,
            system: system.map(|release| format!("Linux {}", release.trim())),
            optimised: !cfg!(debug_assertions),
            broker_apart,
        }
    }
}

/// What stands behind the first `name :` of a file.
fn line_of(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

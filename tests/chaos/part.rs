//! What a part of a run did and what came of it; parts are kept and add up.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::random::Fault;
use crate::verdict::Verdict;

/// One part of a run; parts add up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) fault: Fault,
    pub(crate) seed: u64,
    pub(crate) cycles: u32,
    pub(crate) seconds: u64,
    pub(crate) engine_kills: u32,
    /// Those of them at a fail point.
    #[serde(default)]
    pub(crate) fail_points: BTreeMap<String, u32>,
    pub(crate) broker_kills: u32,
    pub(crate) database_stops: u32,
    pub(crate) network_faults: u32,
    pub(crate) pauses: u32,
    /// Longest times, in milliseconds: a dead node's buckets taken over; deliveries again after a service answered.
    pub(crate) takeover_ms: u64,
    pub(crate) broker_back_ms: u64,
    pub(crate) database_back_ms: u64,
    pub(crate) verdict: Verdict,
}

impl Part {
    pub(crate) fn new(fault: Fault, seed: u64, cycles: u32) -> Self {
        Self {
            fault,
            seed,
            cycles,
            seconds: 0,
            engine_kills: 0,
            fail_points: BTreeMap::new(),
            broker_kills: 0,
            database_stops: 0,
            network_faults: 0,
            pauses: 0,
            takeover_ms: 0,
            broker_back_ms: 0,
            database_back_ms: 0,
            verdict: Verdict::default(),
        }
    }

    /// A node ended by itself: it came to its fail point.
    pub(crate) fn died_at(&mut self, node: &Engine) {
        let point = node.fail_point().unwrap_or("none");
        *self.fail_points.entry(point.to_owned()).or_default() += 1;
    }

    pub(crate) const fn is_clean(&self) -> bool {
        self.verdict.is_clean()
    }

    fn add(&mut self, other: &Self) {
        if self.fault != other.fault {
            self.fault = Fault::Mixed;
        }
        self.cycles += other.cycles;
        self.seconds += other.seconds;
        self.engine_kills += other.engine_kills;
        for (point, times) in &other.fail_points {
            *self.fail_points.entry(point.clone()).or_default() += times;
        }
        self.broker_kills += other.broker_kills;
        self.database_stops += other.database_stops;
        self.network_faults += other.network_faults;
        self.pauses += other.pauses;
        self.takeover_ms = self.takeover_ms.max(other.takeover_ms);
        self.broker_back_ms = self.broker_back_ms.max(other.broker_back_ms);
        self.database_back_ms = self.database_back_ms.max(other.database_back_ms);
        self.verdict.add(&other.verdict);
    }

    /// Writes this part down beside those of earlier runs and answers what all of them come to.
    pub(crate) fn keep(&self, book: &Path) -> Self {
        let mut lines = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(book)
            .unwrap();
        writeln!(lines, "{}", serde_json::to_string(self).unwrap()).unwrap();
        let text = fs::read_to_string(book).unwrap();
        let parts = text
            .lines()
            .map(|line| serde_json::from_str::<Self>(line).unwrap());
        parts
            .reduce(|mut sum, part| {
                sum.add(&part);
                sum
            })
            .unwrap()
    }

    pub(crate) fn print(&self, title: &str) {
        eprintln!("{title}: {}", serde_json::to_string_pretty(self).unwrap());
    }
}

/// Where parts are kept: only those of `make chaos` are.
pub(crate) fn book() -> Option<PathBuf> {
    std::env::var_os("CHAOS_BOOK").map(PathBuf::from)
}

/// The longer of two times.
pub(crate) fn longest(milliseconds: &mut u64, time: Duration) {
    *milliseconds = (*milliseconds).max(u64::try_from(time.as_millis()).unwrap());
}

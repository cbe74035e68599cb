//! The figures of a run: medians over its rounds, and the engine's as a share of the limit's.

use std::time::Duration;

use serde::Serialize;

use super::meter::Spent;
use super::{Plan, Way};

/// Latencies from published to in the sede's queue, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub max: f64,
}

impl Latency {
    pub(super) fn of(mut taken: Vec<Duration>) -> Self {
        taken.sort_unstable();
        let at = |percent: usize| {
            let place = (taken.len() * percent).div_ceil(100).saturating_sub(1);
            taken.get(place).map_or(0.0, |taken| taken.as_secs_f64() * 1000.0)
        };
        Self {
            p50: at(50),
            p90: at(90),
            p99: at(99),
            max: at(100),
        }
    }
}

/// One way measured once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    pub(super) way: Way,
    /// Requests a second.
    pub(super) drained: f64,
    pub(super) live: f64,
    pub(super) latency: Latency,
    pub(super) spent: Spent,
}

/// One figure, as both ways had it.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub measure: &'static str,
    pub unit: &'static str,
    /// The bare way's, where it has one.
    pub limit: Option<f64>,
    pub engine: f64,
    /// The engine's through the limit's.
    pub ratio: Option<f64>,
    /// What the ratio is to reach, where something is aimed at.
    pub aim: Option<&'static str>,
}

/// Everything a run found out.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub requests: usize,
    pub rate: u32,
    pub rounds: usize,
    /// Processors of the machine.
    pub processors: usize,
    pub lines: Vec<Line>,
}

/// A figure of a round.
struct Measure {
    name: &'static str,
    unit: &'static str,
    aim: Option<&'static str>,
    of: fn(&Round, f64) -> Option<f64>,
}

const MEASURES: [Measure; 13] = [
    measure("backlog drained", "requests/s", Some(">= 0.85"), |round, _| {
        Some(round.drained)
    }),
    measure("live", "requests/s", Some(">= 0.80"), |round, _| Some(round.live)),
    measure("latency p50", "ms", Some("<= 2"), |round, _| {
        Some(round.latency.p50)
    }),
    measure("latency p90", "ms", None, |round, _| Some(round.latency.p90)),
    measure("latency p99", "ms", Some("<= 3"), |round, _| {
        Some(round.latency.p99)
    }),
    measure("latency maximum", "ms", None, |round, _| Some(round.latency.max)),
    measure("processor, broker", "us/request", None, |round, requests| {
        Some(micros(round.spent.broker, requests))
    }),
    measure("processor, database", "us/request", None, |round, requests| {
        of_engine(round, micros(round.spent.database, requests))
    }),
    measure("processor, node", "us/request", None, |round, requests| {
        of_engine(round, micros(round.spent.engine, requests))
    }),
    measure("processor, driver", "us/request", None, |round, requests| {
        of_engine(round, micros(round.spent.driver, requests))
    }),
    measure("transactions", "per request", None, |round, requests| {
        of_engine(round, round.spent.work.transactions() / requests)
    }),
    measure("WAL", "bytes/request", None, |round, requests| {
        of_engine(round, round.spent.work.wal_bytes() / requests)
    }),
    measure("peak memory of the node", "MiB", None, |round, _| {
        round
            .spent
            .peak_memory
            .and_then(|mib| u32::try_from(mib).ok())
            .map(f64::from)
    }),
];

const fn measure(
    name: &'static str,
    unit: &'static str,
    aim: Option<&'static str>,
    of: fn(&Round, f64) -> Option<f64>,
) -> Measure {
    Measure { name, unit, aim, of }
}

fn of_engine(round: &Round, figure: f64) -> Option<f64> {
    match round.way {
        Way::Bare => None,
        Way::Engine => Some(figure),
    }
}

fn micros(spent: Duration, requests: f64) -> f64 {
    spent.as_secs_f64() * 1e6 / requests
}

impl Report {
    pub(super) fn new(plan: &Plan, rounds: &[Round]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
        let requests = plan.requests as f64;
        let median = |way: Way, measure: &Measure| {
            let of_way = rounds.iter().filter(|round| round.way == way);
            median(of_way.filter_map(|round| (measure.of)(round, requests)).collect())
        };
        let lines = MEASURES.iter().filter_map(|measure| {
            let limit = median(Way::Bare, measure);
            let engine = median(Way::Engine, measure)?;
            Some(Line {
                measure: measure.name,
                unit: measure.unit,
                limit,
                engine,
                ratio: limit.filter(|limit| *limit > 0.0).map(|limit| engine / limit),
                aim: measure.aim,
            })
        });
        Self {
            requests: plan.requests,
            rate: plan.rate,
            rounds: plan.rounds,
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            lines: lines.collect(),
        }
    }
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let taken = (1..=200).rev().map(Duration::from_millis).collect();
        let Latency { p50, p90, p99, max } = Latency::of(taken);
        let microseconds = [p50, p90, p99, max].map(|ms| (ms * 1000.0).round().to_string());
        assert_eq!(microseconds, ["100000", "180000", "198000", "200000"]);
        assert_eq!(Latency::of(Vec::new()).max.to_bits(), 0);
    }

    #[test]
    fn a_report_holds_the_medians_and_their_ratio() {
        let round = |way, drained| Round {
            way,
            drained,
            live: 100.0,
            latency: Latency::default(),
            spent: Spent::default(),
        };
        let rounds = [
            round(Way::Bare, 900.0),
            round(Way::Engine, 100.0),
            round(Way::Bare, 1000.0),
            round(Way::Engine, 900.0),
            round(Way::Bare, 5000.0),
            round(Way::Engine, 950.0),
        ];
        let plan = Plan {
            requests: 10,
            rate: 1,
            duration: Duration::from_secs(1),
            rounds: 3,
        };
        let report = Report::new(&plan, &rounds);
        let drained = &report.lines[0];
        assert_eq!(
            (drained.limit, drained.engine, drained.ratio),
            (Some(1000.0), 900.0, Some(0.9))
        );
    }
}

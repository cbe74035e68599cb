//! The figures of a run: medians over its rounds, and the engine's as a share of the limit's.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::load::MESSAGES;
use super::machine::Machine;
use super::meter::Spent;
use super::{Plan, Way};
use crate::config::amqp::AmqpSettings;

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
    /// Of the backlog.
    pub(super) requests: usize,
    /// Requests a second.
    pub(super) drained: f64,
    /// Arrived once more under the same id.
    pub(super) again: usize,
    pub(super) live: Option<f64>,
    pub(super) latency: Option<Latency>,
    pub(super) spent: Spent,
}

/// One figure, as the ways had it.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub measure: &'static str,
    pub unit: &'static str,
    /// What it is compared with: the bare way's, where it has one.
    pub limit: Option<f64>,
    pub engine: f64,
    /// The engine's through the limit's.
    pub ratio: Option<f64>,
    /// What the ratio is to reach, where something is aimed at.
    pub aim: Option<Aim>,
}

/// What a ratio is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(ratio) => write!(f, ">= {ratio:.2}"),
            Self::AtMost(ratio) => write!(f, "<= {ratio:.2}"),
        }
    }
}

/// Everything a run found out.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub requests: usize,
    pub rate: u32,
    pub rounds: usize,
    pub queue_type: &'static str,
    /// Messages that leave for each request, in both ways: to its sede and to its portal.
    pub messages_per_request: usize,
    pub machine: Machine,
    pub lines: Vec<Line>,
}

/// A figure of a round.
struct Measure {
    name: &'static str,
    unit: &'static str,
    aim: Option<Aim>,
    of: fn(&Round) -> Option<f64>,
}

const MEASURES: [Measure; 13] = [
    aimed("backlog drained", "requests/s", Aim::AtLeast(0.85), |round| {
        Some(round.drained)
    }),
    aimed("live", "requests/s", Aim::AtLeast(0.80), |round| round.live),
    aimed("latency p50", "ms", Aim::AtMost(2.0), |round| {
        round.latency.map(|latency| latency.p50)
    }),
    measure("latency p90", "ms", |round| {
        round.latency.map(|latency| latency.p90)
    }),
    aimed("latency p99", "ms", Aim::AtMost(3.0), |round| {
        round.latency.map(|latency| latency.p99)
    }),
    measure("latency maximum", "ms", |round| {
        round.latency.map(|latency| latency.max)
    }),
    measure("processor, broker", "us/request", |round| {
        Some(micros(round, round.spent.broker))
    }),
    measure("processor, database", "us/request", |round| {
        of_engine(round, micros(round, round.spent.database))
    }),
    measure("processor, node", "us/request", |round| {
        of_engine(round, micros(round, round.spent.engine))
    }),
    measure("processor, driver", "us/request", |round| {
        Some(micros(round, round.spent.driver))
    }),
    measure("transactions", "per request", |round| {
        of_engine(round, round.spent.work.transactions() / requests(round))
    }),
    measure("WAL", "bytes/request", |round| {
        of_engine(round, round.spent.work.wal_bytes() / requests(round))
    }),
    measure("peak memory of the node", "MiB", |round| {
        round
            .spent
            .peak_memory
            .and_then(|mib| u32::try_from(mib).ok())
            .map(f64::from)
    }),
];

const fn measure(name: &'static str, unit: &'static str, of: fn(&Round) -> Option<f64>) -> Measure {
    Measure {
        name,
        unit,
        aim: None,
        of,
    }
}

const fn aimed(name: &'static str, unit: &'static str, aim: Aim, of: fn(&Round) -> Option<f64>) -> Measure {
    Measure {
        name,
        unit,
        aim: Some(aim),
        of,
    }
}

/// The engine's drained rate beside that of one request per transaction.
const ONE_BY_ONE: Measure = aimed("one by one", "requests/s", Aim::AtLeast(5.0), |_| None);
/// Two and three nodes beside one, on the same machine.
const TWO: Measure = aimed("two nodes", "requests/s", Aim::AtLeast(1.0), |_| None);
const THREE: Measure = aimed("three nodes", "requests/s", Aim::AtLeast(1.0), |_| None);
const TWO_AGAIN: Measure = measure("sent again by two nodes", "per 1000 requests", |round| {
    Some(again(round))
});
const THREE_AGAIN: Measure = measure("sent again by three nodes", "per 1000 requests", |round| {
    Some(again(round))
});
/// The rate over HTTP beside the engine's live one.
const HTTP: Measure = aimed("64 clients over HTTP", "requests/s", Aim::AtLeast(0.60), |_| None);

fn of_engine(round: &Round, figure: f64) -> Option<f64> {
    match round.way {
        Way::Bare => None,
        Way::Engine | Way::Single | Way::Two | Way::Three | Way::Http => Some(figure),
    }
}

fn again(round: &Round) -> f64 {
    whole(round.again) * 1000.0 / requests(round)
}

const fn requests(round: &Round) -> f64 {
    whole(round.requests)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
const fn whole(count: usize) -> f64 {
    count as f64
}

fn micros(round: &Round, spent: Duration) -> f64 {
    spent.as_secs_f64() * 1e6 / requests(round)
}

impl Report {
    pub(super) fn new(plan: &Plan, config: &AmqpSettings, machine: &Machine, rounds: &[Round]) -> Self {
        let median = |way: Way, measure: &Measure| {
            let of_way = rounds.iter().filter(|round| round.way == way);
            median(of_way.filter_map(measure.of).collect())
        };
        let measured = MEASURES.iter().filter_map(|measure| {
            let limit = median(Way::Bare, measure);
            let engine = median(Way::Engine, measure)?;
            Some(Line::new(measure, limit, engine))
        });
        let [drained, live] = [&MEASURES[0], &MEASURES[1]];
        let against = |measure: &Measure, limit: Option<f64>, figure: Option<f64>| {
            let compared = limit.zip(figure);
            compared.map(|(limit, figure)| Line::new(measure, Some(limit), figure))
        };
        let single = against(
            &ONE_BY_ONE,
            median(Way::Single, drained),
            median(Way::Engine, drained),
        );
        let two = against(&TWO, median(Way::Engine, drained), median(Way::Two, drained));
        let three = against(&THREE, median(Way::Engine, drained), median(Way::Three, drained));
        let again = [(Way::Two, TWO_AGAIN), (Way::Three, THREE_AGAIN)];
        let again = again
            .iter()
            .filter_map(|(way, measure)| Some(Line::new(measure, None, median(*way, measure)?)));
        let http = against(&HTTP, median(Way::Engine, live), median(Way::Http, drained));
        Self {
            requests: plan.requests,
            rate: plan.rate,
            rounds: plan.rounds,
            queue_type: config.queue_type.as_str(),
            messages_per_request: MESSAGES,
            machine: machine.clone(),
            lines: measured
                .chain(single)
                .chain(two)
                .chain(three)
                .chain(again)
                .chain(http)
                .collect(),
        }
    }
}

/// What must not get worse by growing.
const GROWING: [(&str, &str); 2] = [
    ("backlog drained", "drained, grown through empty"),
    ("live", "live, grown through empty"),
];

impl Report {
    /// Adds a figure of the engine alone.
    pub(super) fn add(&mut self, measure: &'static str, unit: &'static str, engine: f64) {
        self.lines.push(Line {
            measure,
            unit,
            limit: None,
            engine,
            ratio: None,
            aim: None,
        });
    }

    /// Adds a figure beside another of the same run.
    pub(super) fn beside(
        &mut self,
        measure: &'static str,
        unit: &'static str,
        aim: Aim,
        other: f64,
        engine: f64,
    ) {
        let measure = aimed(measure, unit, aim, |_| None);
        self.lines.push(Line::new(&measure, Some(other), engine));
    }

    /// Adds a figure of the engine alone beside the most it may be.
    pub(super) fn aim(&mut self, measure: &'static str, unit: &'static str, most: f64, engine: f64) {
        let measure = aimed(measure, unit, Aim::AtMost(1.0), |_| None);
        self.lines.push(Line::new(&measure, Some(most), engine));
    }

    /// Adds how the ratios of a run in a grown database compare with these.
    pub(super) fn compare(&mut self, grown: &Self) {
        for (measure, name) in GROWING {
            let ratio = |report: &Self| report.lines.iter().find(|line| line.measure == measure)?.ratio;
            if let Some((before, after)) = ratio(self).zip(ratio(grown)) {
                let measure = aimed(name, "of the limit", Aim::AtLeast(0.90), |_| None);
                self.lines.push(Line::new(&measure, Some(before), after));
            }
        }
    }
}

impl Line {
    fn new(measure: &Measure, limit: Option<f64>, engine: f64) -> Self {
        Self {
            measure: measure.name,
            unit: measure.unit,
            limit,
            engine,
            ratio: limit.filter(|limit| *limit > 0.0).map(|limit| engine / limit),
            aim: measure.aim,
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
            requests: 10,
            drained,
            again: 0,
            live: Some(100.0),
            latency: Some(Latency::default()),
            spent: Spent::default(),
        };
        let rounds = [
            round(Way::Bare, 900.0),
            round(Way::Engine, 100.0),
            round(Way::Bare, 1000.0),
            round(Way::Engine, 900.0),
            round(Way::Bare, 5000.0),
            round(Way::Engine, 950.0),
            round(Way::Single, 150.0),
        ];
        let plan = Plan {
            requests: 10,
            rate: 1,
            duration: Duration::from_secs(1),
            rounds: 3,
            ways: Way::ALL,
        };
        let report = Report::new(&plan, &AmqpSettings::default(), &Machine::this(false), &rounds);
        let figures = |line: &Line| (line.limit, line.engine, line.ratio);
        assert_eq!(figures(&report.lines[0]), (Some(1000.0), 900.0, Some(0.9)));
        let single = report.lines.last().unwrap();
        assert_eq!(figures(single), (Some(150.0), 900.0, Some(6.0)));
    }
}

//! `usciere bench`: the engine beside the limit of the machine it stands on, in one run, by turns.
//!
//! The limit is [`crate::amqp::bare`]: the same messages through the same queues, without an engine or a database.
//! Only the ratios of one run mean anything; nothing is printed before every message is known to have arrived once.

mod load;
mod meter;
pub mod report;
mod system;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::amqp::bare::{self, Arrivals};
use crate::amqp::{BrokerError, Session, Topology};
use crate::domain::ids::RequestId;
use crate::domain::registers::Registers;
use crate::store::{Store, StoreError};

use load::Load;
use meter::{Meter, Spent};
use report::{Latency, Report, Round};
use system::Running;
pub use system::{Place, Way};

/// Nothing arrived for so long: whatever is still missing is lost.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Of each backlog and each live run.
    pub requests: usize,
    /// Requests a second while latency is measured.
    pub rate: u32,
    /// How long latency is measured.
    pub duration: Duration,
    /// How often everything is repeated; figures are medians.
    pub rounds: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the process to be measured cannot be started or looked at")]
    Process(#[from] std::io::Error),
    #[error(
        "{way}: of {sent} requests {missing} did not arrive and {twice} arrived twice: no figure is worth anything"
    )]
    Wrong {
        way: Way,
        sent: usize,
        missing: usize,
        twice: usize,
    },
}

/// Measures by turns, and tells of every finished step.
pub async fn run(
    plan: &Plan,
    place: &Place,
    store: &Store,
    registers: &Registers,
    mut tell: impl FnMut(&str),
) -> Result<Report, BenchError> {
    let load = Load::new(registers);
    for &way in Way::ALL {
        let session = Session::open(&way.settings(&place.config), "bench").await?;
        session
            .declare(&Topology::wanted(&way.settings(&place.config), registers))
            .await?;
        session.close().await;
    }
    let mut rounds = Vec::new();
    for number in 1..=plan.rounds {
        for &way in Way::ALL {
            tell(&format!("round {number} of {}: {way}", plan.rounds));
            let bench = Bench {
                plan,
                place,
                store,
                load: &load,
                way,
            };
            rounds.push(bench.round().await?);
        }
    }
    Ok(Report::new(plan, &rounds))
}

struct Bench<'a> {
    plan: &'a Plan,
    place: &'a Place,
    store: &'a Store,
    load: &'a Load,
    way: Way,
}

impl Bench<'_> {
    async fn round(&self) -> Result<Round, BenchError> {
        let settings = self.way.settings(&self.place.config);
        bare::purge(&settings, self.load.queues()).await?;
        let mut arrivals = bare::arrivals(&settings, self.load.queues()).await?;
        let driver = self
            .load
            .driver(&settings, &self.place.config.node.name())
            .await?;

        // A backlog, and then whoever works it off.
        let sent = driver.send(self.plan.requests).await?;
        let meter = Meter::start(self.place, self.store).await?;
        let running = Running::start(self.way, self.place, self.load)?;
        let drained = self.all_of(&sent, &mut arrivals).await?;
        let cost = meter.stop(&running, self.store).await?;

        // The same, published while it is worked.
        let began = Instant::now();
        let sent = driver.send(self.plan.requests).await?;
        let live = self.all_of(&sent, &mut arrivals).await?;
        let live_rate = rate(self.plan.requests, live.last.duration_since(began));

        let sent = driver.send_at(self.plan.rate, self.plan.duration).await?;
        let steady = self.all_of(&sent, &mut arrivals).await?;
        let memory = running.peak_memory();
        running.stop().await?;
        driver.close().await;
        arrivals.close().await;
        Ok(Round {
            way: self.way,
            drained: rate(self.plan.requests - 1, drained.last.duration_since(drained.first)),
            live: live_rate,
            latency: Latency::of(steady.taken),
            spent: Spent {
                peak_memory: memory,
                ..cost
            },
        })
    }

    /// Waits until every one of these arrived, once.
    async fn all_of(
        &self,
        sent: &BTreeMap<RequestId, Instant>,
        arrivals: &mut Arrivals,
    ) -> Result<Arrived, BenchError> {
        let mut missing = sent.clone();
        let mut twice = 0;
        let mut arrived = Arrived::default();
        while !missing.is_empty() {
            let Ok(Some(arrival)) = tokio::time::timeout(PATIENCE, arrivals.next()).await else {
                break;
            };
            match arrival.request.and_then(|request| missing.remove(&request)) {
                Some(published) => arrived.add(published, arrival.at),
                None => twice += 1,
            }
        }
        if missing.is_empty() && twice == 0 {
            Ok(arrived)
        } else {
            Err(BenchError::Wrong {
                way: self.way,
                sent: sent.len(),
                missing: missing.len(),
                twice,
            })
        }
    }
}

/// When the first and the last came, and how long each took.
struct Arrived {
    first: Instant,
    last: Instant,
    taken: Vec<Duration>,
}

impl Default for Arrived {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            first: now,
            last: now,
            taken: Vec::new(),
        }
    }
}

impl Arrived {
    fn add(&mut self, published: Instant, at: Instant) {
        if self.taken.is_empty() {
            self.first = at;
        }
        self.last = at;
        self.taken.push(at.duration_since(published));
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

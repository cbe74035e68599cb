//! `usciere bench`: the engine beside the limit of the machine it stands on, in one run, by turns.
//!
//! The limit is [`crate::amqp::bare`]: the same messages through the same queues, without an engine or a database.
//! Only the ratios of one run mean anything; nothing is printed before every message is known to have arrived once.

pub mod baseline;
mod clients;
mod idle;
mod load;
mod machine;
mod meter;
mod midnight;
mod processors;
mod questions;
mod replay;
pub mod report;
mod system;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::amqp::bare::{self, Arrivals};
use crate::amqp::{BrokerError, DecodeRules, Session, Topology};
use crate::domain::ids::RequestId;
use crate::domain::registers::Registers;
use crate::engine::{Engine, HandleError};
use crate::store::{Store, StoreError};

use clients::Clients;
pub use idle::leave_alone;
pub use load::operator;
use load::{Driver, Load, PORTAL_QUEUE};
pub use machine::Machine;
use meter::{Meter, Spent};
pub use processors::set_broker_apart;
use report::{Latency, Report, Round};
use system::Running;
pub use system::{Place, Way};

/// Nothing arrived for so long: whatever is still missing is lost.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often whoever waits looks whether anybody still works.
const LOOK: Duration = Duration::from_secs(1);

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
    pub ways: &'static [Way],
}

#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Handle(#[from] HandleError),
    #[error("a request over HTTP was not taken")]
    Call(#[from] reqwest::Error),
    #[error("the process to be measured cannot be started or looked at")]
    Process(#[from] std::io::Error),
    #[error("a node was not ready in time\n{0}")]
    NotReady(String),
    #[error(
        "{way}: of {sent} requests {missing} did not arrive, and {wrong} messages came that had come before or are about \
         none of them: no figure is worth anything\n{last_words}"
    )]
    Wrong {
        way: Way,
        sent: usize,
        missing: usize,
        wrong: usize,
        /// Of the node.
        last_words: String,
    },
    #[error(
        "of {count} dead letters, one of them unreadable, {taken} were taken: no figure is worth anything"
    )]
    Replay { count: usize, taken: usize },
    #[error("{way}: the portal was told {told} times of {sent} requests: no figure is worth anything")]
    Untold { way: Way, sent: usize, told: usize },
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
    send_the_rest(place, store, &load).await?;
    let mut rounds = Vec::new();
    for number in 1..=plan.rounds {
        for &way in plan.ways {
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
    Ok(Report::new(plan, &place.config.amqp, &place.machine, &rounds))
}

/// Measures again, in a database that has grown, and asks it what people ask.
pub async fn run_grown(
    plan: &Plan,
    place: &Place,
    store: &Store,
    registers: &Registers,
    engine: &Arc<Engine>,
    empty: &mut Report,
    tell: impl FnMut(&str),
) -> Result<(), BenchError> {
    let bytes = store.database_size().await?;
    let grown = run(plan, place, store, registers, tell).await?;
    empty.compare(&grown);
    empty.add("database", "MiB", whole(bytes / 1024 / 1024));
    questions::ask(store, empty).await?;
    let load = Load::new(registers);
    let bench = Bench {
        plan,
        place,
        store,
        load: &load,
        way: Way::Engine,
    };
    midnight::strike(&bench, engine, empty).await?;
    let rules = DecodeRules::from(&place.config.amqp);
    replay::measure(engine, rules, &load, plan.requests, empty).await
}

/// What is left to send, by what was multiplied or by whoever used the database before, is none of a round's.
async fn send_the_rest(place: &Place, store: &Store, load: &Load) -> Result<(), BenchError> {
    let running = Running::start(Way::Engine, place, load)?;
    all_sent(store).await?;
    running.stop().await
}

/// Waits until nothing is left to send: the next node would send it as its own.
async fn all_sent(store: &Store) -> Result<(), StoreError> {
    let until = Instant::now() + PATIENCE;
    while store.outbox_state().await?.unsent > 0 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// What arrives and was not among what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    AreWrong,
    MayCome,
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
        match self.way {
            Way::Bare | Way::Engine | Way::Single | Way::Two | Way::Three => self.messages().await,
            Way::Http => self.calls().await,
        }
    }

    async fn messages(&self) -> Result<Round, BenchError> {
        let mut arrivals = self.listen().await?;
        let driver = self.portal().await?;

        // A backlog, and then whoever works it off.
        let sent = driver.send(self.requests()).await?;
        let mut running = Running::start(self.way, self.place, self.load)?;
        let drained = self
            .all_of(&sent, Others::AreWrong, &mut arrivals, &mut running)
            .await?;
        let mut told = sent.len();
        let mut round = Round {
            way: self.way,
            requests: sent.len(),
            drained: drained.rate(),
            again: drained.again,
            live: None,
            latency: None,
            spent: Spent::default(),
        };
        if matches!(self.way, Way::Bare | Way::Engine) {
            // The same, published while it is worked, by a node that has started long ago: what it costs is counted.
            let meter = Meter::start(self.place, self.store, &running).await?;
            let began = Instant::now();
            let sent = driver.send(self.requests()).await?;
            let live = self
                .all_of(&sent, Others::AreWrong, &mut arrivals, &mut running)
                .await?;
            round.live = Some(rate(sent.len(), live.last.duration_since(began)));
            round.spent = meter.stop(&running, self.store).await?;
            told += sent.len();

            let sent = driver.send_at(self.plan.rate, self.plan.duration).await?;
            let steady = self
                .all_of(&sent, Others::AreWrong, &mut arrivals, &mut running)
                .await?;
            round.latency = Some(Latency::of(steady.taken));
            told += sent.len();
        }
        round.spent.peak_memory = running.peak_memory();
        self.portal_was_told(told).await?;
        all_sent(self.store).await?;
        running.stop().await?;
        driver.close().await;
        arrivals.close().await;
        Ok(round)
    }

    /// Submitted over HTTP, to arrive in the queues of sedi like all others.
    async fn calls(&self) -> Result<Round, BenchError> {
        let mut arrivals = self.listen().await?;
        let mut running = Running::start(self.way, self.place, self.load)?;
        let clients = Clients::new(self.place.http, &self.place.token)?;
        clients.ready(self.place).await?;
        let meter = Meter::start(self.place, self.store, &running).await?;
        let began = Instant::now();
        let sent = clients.submit(self.load, self.requests()).await?;
        let arrived = self
            .all_of(&sent, Others::AreWrong, &mut arrivals, &mut running)
            .await?;
        let cost = meter.stop(&running, self.store).await?;
        self.portal_was_told(sent.len()).await?;
        all_sent(self.store).await?;
        running.stop().await?;
        arrivals.close().await;
        Ok(Round {
            way: self.way,
            requests: sent.len(),
            drained: rate(sent.len(), arrived.last.duration_since(began)),
            again: arrived.again,
            live: None,
            latency: None,
            spent: cost,
        })
    }

    /// Empties every queue, and listens to those of the sedi.
    async fn listen(&self) -> Result<Arrivals, BenchError> {
        let settings = self.way.settings(&self.place.config);
        bare::purge(&settings, &self.load.all_queues()).await?;
        Ok(bare::arrivals(&settings, self.load.queues()).await?)
    }

    async fn portal(&self) -> Result<Driver<'_>, BrokerError> {
        let settings = self.way.settings(&self.place.config);
        self.load.driver(&settings, &self.place.config.node.name()).await
    }

    /// One by one is slow: less of it says as much.
    fn requests(&self) -> usize {
        match self.way {
            Way::Bare | Way::Engine | Way::Two | Way::Three | Way::Http => self.plan.requests,
            Way::Single => (self.plan.requests / 10).max(100),
        }
    }

    /// Waits until the portal's queue holds a message for each request.
    async fn portal_was_told(&self, sent: usize) -> Result<(), BenchError> {
        let settings = self.way.settings(&self.place.config);
        let until = Instant::now() + PATIENCE;
        loop {
            let told = bare::waiting(&settings, PORTAL_QUEUE).await?;
            if told == sent || told > sent && self.way.is_shared() {
                return Ok(());
            }
            if told > sent || Instant::now() > until {
                let way = self.way;
                return Err(BenchError::Untold { way, sent, told });
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Waits until every one of these arrived, once.
    async fn all_of(
        &self,
        sent: &BTreeMap<RequestId, Instant>,
        others: Others,
        arrivals: &mut Arrivals,
        running: &mut Running,
    ) -> Result<Arrived, BenchError> {
        let mut missing = sent.clone();
        let mut wrong = 0;
        let mut arrived = Arrived::default();
        let mut heard = Instant::now();
        while !missing.is_empty() {
            let arrival = match tokio::time::timeout(LOOK, arrivals.next()).await {
                Ok(Some(arrival)) => arrival,
                Ok(None) => break,
                Err(_) if heard.elapsed() > PATIENCE || running.has_ended() => break,
                Err(_) => continue,
            };
            heard = Instant::now();
            match arrival.request.and_then(|request| missing.remove(&request)) {
                Some(published) => arrived.add(published, arrival.at),
                None if others == Others::MayCome
                    && !arrival.request.is_some_and(|it| sent.contains_key(&it)) => {}
                None if self.way.is_shared() => arrived.again += 1,
                None => wrong += 1,
            }
        }
        if missing.is_empty() && wrong == 0 {
            Ok(arrived)
        } else {
            Err(BenchError::Wrong {
                way: self.way,
                sent: sent.len(),
                missing: missing.len(),
                wrong,
                last_words: self.place.last_words(),
            })
        }
    }
}

/// When the first and the last came, and how long each took.
struct Arrived {
    first: Instant,
    last: Instant,
    taken: Vec<Duration>,
    /// Came once more under the id it had.
    again: usize,
}

impl Default for Arrived {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            first: now,
            last: now,
            taken: Vec::new(),
            again: 0,
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

impl Arrived {
    /// From the first arrival to the last.
    fn rate(&self) -> f64 {
        rate(
            self.taken.len().saturating_sub(1),
            self.last.duration_since(self.first),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "no database has 2^52 MiB")]
const fn whole(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

//! Faults drawn from a seed, under load, for as many cycles as one likes: two nodes that die, a broker that is
//! killed, a database that stops at once, networks that break. `make chaos` runs it in parts that add up.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::engine::{Engine, Orders};
use crate::trial::Trial;
use crate::verdict::Verdict;
use crate::world::World;

/// What is done to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// A node dies at a random moment or at a fail point; now and then it stays away until the other took over.
    Engine,
    /// RabbitMQ is killed.
    Broker,
    /// PostgreSQL stops at once.
    Database,
    /// A node's network breaks in one of five ways.
    Network,
    /// A node is stopped and goes on.
    Pause,
    /// Any of these.
    Mixed,
}

const SINGLE: [Fault; 5] = [
    Fault::Engine,
    Fault::Engine,
    Fault::Network,
    Fault::Pause,
    Fault::Database,
];
const FAIL_POINTS: [&str; 6] = [
    "delivered",
    "in_transaction",
    "committed",
    "published",
    "confirmed",
    "mail_accepted",
];
/// So many kills between two with a take-over.
const TAKE_OVER_EVERY: u32 = 25;
const CONVERSATIONS: usize = 16;

/// One part of a run; parts add up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    fault: Fault,
    seed: u64,
    cycles: u32,
    seconds: u64,
    engine_kills: u32,
    at_fail_points: u32,
    broker_kills: u32,
    database_stops: u32,
    network_faults: u32,
    pauses: u32,
    /// Longest times, in milliseconds: a dead node's buckets taken over; deliveries again after a service answered.
    takeover_ms: u64,
    broker_back_ms: u64,
    database_back_ms: u64,
    verdict: Verdict,
}

/// What to run, as the environment has it: `CHAOS_FAULT`, `CHAOS_SEED`, `CHAOS_CYCLES`.
pub(crate) struct Plan {
    fault: Fault,
    seed: u64,
    cycles: u32,
}

impl Plan {
    /// Without a word from the environment, a short run of everything.
    pub(crate) fn of_environment() -> Self {
        let text = |name: &str| std::env::var_os(name).map(|value| value.to_str().unwrap().to_owned());
        let fault = text("CHAOS_FAULT").unwrap_or_else(|| "mixed".to_owned());
        Self {
            fault: serde_json::from_value(fault.into()).expect("a kind of fault"),
            seed: text("CHAOS_SEED").map_or(1, |seed| seed.parse().unwrap()),
            cycles: text("CHAOS_CYCLES").map_or(2, |cycles| cycles.parse().unwrap()),
        }
    }
}

/// Runs a plan to its verdict.
pub(crate) async fn run(world: &mut World, plan: &Plan) -> Part {
    let begun = Instant::now();
    let trial = Trial::start(world, plan.seed, CONVERSATIONS);
    let mut nodes = [Engine::new(world, "a").await, Engine::new(world, "b").await];
    for node in &mut nodes {
        node.start(world, &Orders::default());
    }
    trial.goes_on(world, 20).await;
    let mut part = Part::new(plan);
    let mut random = StdRng::seed_from_u64(plan.seed);
    for cycle in 1..=plan.cycles {
        let fault = match plan.fault {
            Fault::Mixed if cycle == 1 => Fault::Broker,
            Fault::Mixed => SINGLE[random.random_range(0..SINGLE.len())],
            single => single,
        };
        let mut strike = Strike {
            world,
            trial: &trial,
            nodes: &mut nodes,
            random: &mut random,
            part: &mut part,
        };
        strike.once(fault, cycle).await;
        if cycle % 10 == 0 {
            eprintln!(
                "{cycle} of {} faults, {} deliveries",
                plan.cycles,
                trial.deliveries()
            );
        }
    }
    part.verdict = trial.verdict(world).await;
    for node in &mut nodes {
        node.kill().await;
    }
    part.seconds = begun.elapsed().as_secs();
    part
}

/// One fault, and what it is done to.
struct Strike<'a> {
    world: &'a mut World,
    trial: &'a Trial,
    nodes: &'a mut [Engine; 2],
    random: &'a mut StdRng,
    part: &'a mut Part,
}

impl Strike<'_> {
    async fn once(&mut self, fault: Fault, cycle: u32) {
        match fault {
            Fault::Engine => self.engine(cycle).await,
            Fault::Broker => {
                self.world.broker.die(Signal::SIGKILL).await;
                self.world.broker.up().await;
                let back = self.trial.goes_on(self.world, 1).await;
                longest(&mut self.part.broker_back_ms, back);
                self.part.broker_kills += 1;
                self.work(30).await;
            }
            Fault::Database => {
                self.world.database.die(Signal::SIGQUIT).await;
                self.world.database.up().await;
                let back = self.trial.goes_on(self.world, 1).await;
                longest(&mut self.part.database_back_ms, back);
                self.part.database_stops += 1;
                self.work(30).await;
            }
            Fault::Network => self.network().await,
            Fault::Pause => {
                let node = self.random.random_range(0..2);
                self.nodes[node].signal(Signal::SIGSTOP);
                self.moment(5_000..12_000).await;
                self.nodes[node].signal(Signal::SIGCONT);
                self.part.pauses += 1;
                self.work(30).await;
            }
            Fault::Mixed => unreachable!("drawn before"),
        }
    }

    /// A node dies: where its orders say, or at any moment. Another of its name takes its place.
    async fn engine(&mut self, cycle: u32) {
        let node = self.random.random_range(0..2);
        if cycle.is_multiple_of(TAKE_OVER_EVERY) {
            self.take_over(node).await;
        } else {
            let moment = Duration::from_millis(self.random.random_range(50..1_500));
            match self.nodes[node].ended(moment).await {
                Some(_) => self.part.at_fail_points += 1,
                None => self.nodes[node].kill().await,
            }
        }
        self.part.engine_kills += 1;
        let fail_point = self.random.random_bool(0.5).then(|| {
            let point = FAIL_POINTS[self.random.random_range(0..FAIL_POINTS.len())];
            format!("{point}@{}", self.random.random_range(1..30))
        });
        let orders = Orders {
            fail_point,
            ..Orders::default()
        };
        self.nodes[node].start(self.world, &orders);
        self.work(5).await;
    }

    /// A node dies and stays away until the other does all its work.
    async fn take_over(&mut self, node: usize) {
        self.revive(0).await;
        self.revive(1).await;
        let sharing = "select count(distinct node) from relay_lease where until > now()";
        self.world
            .until("both hold buckets", async |world| world.count(sharing).await == 2)
            .await;
        self.nodes[node].kill().await;
        let others = format!(
            "select count(*) from relay_lease where node <> '{}' or until <= now()",
            self.nodes[1 - node].name
        );
        let taken = self
            .world
            .until("the other takes over", async |world| {
                world.count(&others).await == 0
            })
            .await;
        longest(&mut self.part.takeover_ms, taken);
    }

    /// A node that ends its life at a fail point is no node to wait for.
    async fn revive(&mut self, node: usize) {
        if self.nodes[node].ended(Duration::from_millis(1)).await.is_none() {
            self.nodes[node].kill().await;
        }
        self.nodes[node].start(self.world, &Orders::default());
    }

    async fn network(&mut self) {
        let node = &self.nodes[self.random.random_range(0..2)];
        let proxy = if self.random.random_bool(0.5) {
            &node.database
        } else {
            &node.broker
        };
        match self.random.random_range(0..5) {
            0 => proxy.cut(),
            1 => proxy.hold(),
            2 => proxy.refuse(),
            3 => proxy.delay(Duration::from_millis(self.random.random_range(1..50))),
            _ => proxy.cut_after(self.random.random_range(1_000..200_000)),
        }
        sleep(Duration::from_millis(self.random.random_range(500..6_000))).await;
        proxy.mend();
        self.part.network_faults += 1;
        self.work(30).await;
    }

    async fn moment(&mut self, milliseconds: std::ops::Range<u64>) {
        sleep(Duration::from_millis(self.random.random_range(milliseconds))).await;
    }

    /// Some work between two faults, whoever does it.
    async fn work(&mut self, deliveries: u64) {
        let enough = self.trial.deliveries() + deliveries;
        while self.trial.deliveries() < enough {
            for node in 0..2 {
                if self.nodes[node].ended(Duration::from_millis(10)).await.is_some() {
                    self.part.engine_kills += 1;
                    self.part.at_fail_points += 1;
                    self.nodes[node].start(self.world, &Orders::default());
                }
            }
        }
    }
}

fn longest(milliseconds: &mut u64, time: Duration) {
    *milliseconds = (*milliseconds).max(u64::try_from(time.as_millis()).unwrap());
}

impl Part {
    fn new(plan: &Plan) -> Self {
        Self {
            fault: plan.fault,
            seed: plan.seed,
            cycles: plan.cycles,
            seconds: 0,
            engine_kills: 0,
            at_fail_points: 0,
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
        self.at_fail_points += other.at_fail_points;
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

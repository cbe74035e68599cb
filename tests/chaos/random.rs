//! Faults drawn from a seed, under load, for as many cycles as one likes: two nodes that die, a broker that is
//! killed, a database that stops at once, networks that break. `make chaos` runs it in parts that add up.

use std::time::Duration;

use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::engine::{Engine, Orders};
use crate::part::{Part, longest};
use crate::trial::Trial;
use crate::world::World;

/// What is done to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// One of two working nodes dies, at a random moment or at a fail point; now and then it stays away until the other
    /// took over.
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
/// How often a point is passed before it kills. What came back after a kill comes first and alone; a point that were
/// always reached over that would have an innocent condemned.
const PASSES: std::ops::Range<u32> = 4..16;
const MAILS: std::ops::Range<u32> = 1..4;
/// How long a node may take to its fail point before it is killed where it is.
const TO_THE_POINT: Duration = Duration::from_secs(3);
/// So many kills between two with a take-over.
const TAKE_OVER_EVERY: u32 = 50;
const CONVERSATIONS: usize = 16;

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
    let mut part = Part::new(plan.fault, plan.seed, plan.cycles);
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
    part.verdict = {
        // A node may yet come to its fail point.
        let tended = tend(world, &mut nodes, &mut part);
        tokio::select! {
            verdict = trial.verdict(world) => verdict,
            () = tended => unreachable!("nodes are tended for ever"),
        }
    };
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

    /// A working node dies: where its orders say, or at any moment. Another of its name takes its place, and begins while
    /// the other works.
    async fn engine(&mut self, cycle: u32) {
        let node = self.random.random_range(0..2);
        self.both_work().await;
        if cycle.is_multiple_of(TAKE_OVER_EVERY) {
            self.take_over(node).await;
        } else {
            let moment = match self.nodes[node].fail_point() {
                Some(_) => TO_THE_POINT,
                None => Duration::from_millis(self.random.random_range(0..800)),
            };
            if self.nodes[node].ended(moment).await.is_some() {
                self.part.died_at(&self.nodes[node]);
            } else {
                self.nodes[node].kill().await;
            }
        }
        self.part.engine_kills += 1;
        let orders = Orders {
            fail_point: self.random.random_bool(0.7).then(|| self.fail_point(cycle)),
            ..Orders::default()
        };
        self.nodes[node].start(self.world, &orders);
    }

    /// Every point in turn.
    fn fail_point(&mut self, cycle: u32) -> String {
        let point = FAIL_POINTS[usize::try_from(cycle).unwrap() % FAIL_POINTS.len()];
        let passes = if point == "mail_accepted" { MAILS } else { PASSES };
        format!("{point}@{}", self.random.random_range(passes))
    }

    /// Waits until both nodes consume; one that came to its fail point before that is started again.
    async fn both_work(&mut self) {
        while !self.nodes.iter().all(Engine::works) {
            revive_the_dead(self.world, self.nodes, self.part).await;
        }
    }

    /// A node dies and stays away until the other does all its work.
    async fn take_over(&mut self, node: usize) {
        for node in 0..2 {
            if self.nodes[node].fail_point().is_some() {
                self.nodes[node].kill().await;
                self.nodes[node].start(self.world, &Orders::default());
            }
        }
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
            revive_the_dead(self.world, self.nodes, self.part).await;
        }
    }
}

/// Nodes that end their life at a fail point are started again, for as long as this is polled.
async fn tend(world: &World, nodes: &mut [Engine; 2], part: &mut Part) {
    loop {
        revive_the_dead(world, nodes, part).await;
    }
}

async fn revive_the_dead(world: &World, nodes: &mut [Engine; 2], part: &mut Part) {
    for node in nodes {
        if node.ended(Duration::from_millis(10)).await.is_some() {
            part.died_at(node);
            part.engine_kills += 1;
            node.start(world, &Orders::default());
        }
    }
}

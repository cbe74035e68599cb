//! The broker as the rest of the engine knows it: always there, sometimes down, and saying so.
//!
//! Two connections are kept up, one that only consumes and one that only publishes (RELIABILITY.md F5), each by a
//! task of its own; consumers and publishers follow whatever connection is there. lapin's recovery is not used (F8).

mod backoff;
mod board;
mod link;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OnceCell, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::budget::Budget;
use super::connection;
use super::consumer::task::WhenMissing;
use super::consumer::{Consumer, task};
use super::error::BrokerError;
use super::publisher::Publisher;
use super::topology::declare::{self, Finding, QueueStatus};
use super::topology::{Topology, plugin, shards};
use crate::clock::Clock;
use crate::config::amqp::AmqpSettings;
use crate::domain::ids::{NodeName, SedeCode};
use crate::domain::pause::Pauses;

pub(super) use backoff::Backoff;
pub(super) use board::Board;
pub use board::{BrokerState, Consuming, Publishing};
use link::{Link, LinkRole};
pub(super) use link::{Live, LiveLink};

/// The way to the broker. Cheap to clone; [`Broker::close`] ends it.
#[derive(Debug, Clone)]
pub struct Broker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: AmqpSettings,
    board: Board,
    consuming: LiveLink,
    publishing: LiveLink,
    /// What is declared again when a consumer finds its queue missing.
    known: Mutex<Topology>,
    /// Of what is consumed.
    budget: Budget,
    pauses: watch::Sender<Arc<Pauses>>,
    stop_consuming: CancellationToken,
    closing: CancellationToken,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
    /// Asked once: [`Broker::shards_left_over`].
    left_over: OnceCell<Vec<String>>,
}

impl Broker {
    /// Begins to connect and returns at once; [`Broker::state`] tells how it goes.
    pub fn start(settings: &AmqpSettings, node: &NodeName, clock: Clock) -> Self {
        let board = Board::new(clock);
        let (stop_consuming, closing) = (CancellationToken::new(), CancellationToken::new());
        let mut tasks = JoinSet::new();
        let budget = Budget::of_memory(settings.prefetch_bytes.as_usize());
        let mut keep = |role: LinkRole, budget: Budget| {
            let (link, live) = Link::new(
                role,
                settings.clone(),
                node,
                board.clone(),
                closing.clone(),
                budget,
            );
            tasks.spawn(link.keep());
            live
        };
        let shared = Shared {
            settings: settings.clone(),
            consuming: keep(LinkRole::Consume, budget.clone()),
            publishing: keep(LinkRole::Publish, Budget::unlimited()),
            budget,
            board,
            known: Mutex::new(Topology::default()),
            pauses: watch::Sender::default(),
            stop_consuming,
            closing,
            tasks: tokio::sync::Mutex::new(tasks),
            left_over: OnceCell::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// For a single command: connects, or says at once why not, where [`Broker::start`] would try for ever.
    pub async fn reach(settings: &AmqpSettings, node: &NodeName, clock: Clock) -> Result<Self, BrokerError> {
        let first = connection::open(settings, &format!("usciere {node}")).await?;
        connection::goodbye(&first).await;
        let broker = Self::start(settings, node, clock);
        broker.connected().await;
        Ok(broker)
    }

    /// How both directions stand; readiness follows it.
    pub fn state(&self) -> watch::Receiver<BrokerState> {
        self.shared.board.watch()
    }

    /// Waits until both connections are up.
    pub async fn connected(&self) {
        for link in [&self.shared.consuming, &self.shared.publishing] {
            link.live().await;
        }
    }

    /// Holds these queues from now on and lets go of all others: of a held one nothing is taken.
    pub fn hold(&self, pauses: Pauses) {
        let pauses = self.with_shards(pauses);
        self.shared.pauses.send_if_modified(|held| {
            let changed = **held != pauses;
            *held = Arc::new(pauses);
            changed
        });
    }

    /// The queues that are held.
    pub fn held(&self) -> watch::Receiver<Arc<Pauses>> {
        self.shared.pauses.subscribe()
    }

    /// Consumes a queue, taking at most `prefetch` unacknowledged deliveries, until consuming is stopped.
    pub async fn consume(&self, queue: &str, prefetch: u16) -> Consumer {
        self.follow(queue, prefetch, WhenMissing::Mend).await
    }

    /// Consumes a queue that nothing leads to any more, until it is gone or consuming is stopped.
    pub async fn consume_the_rest(&self, queue: &str, prefetch: u16) -> Consumer {
        self.follow(queue, prefetch, WhenMissing::End).await
    }

    async fn follow(&self, queue: &str, prefetch: u16, when_missing: WhenMissing) -> Consumer {
        let stop = self.shared.stop_consuming.clone();
        let (task, consumer) = task::Task::new(queue, prefetch, when_missing, self.clone(), stop);
        self.shared.tasks.lock().await.spawn(task.run());
        consumer
    }

    /// A publisher with a channel of its own: what breaks another's channel does not touch it.
    pub fn publisher(&self) -> Publisher {
        let link = self.shared.publishing.clone();
        Publisher::new(link, self.state(), &self.shared.settings)
    }

    /// Declares a topology and remembers it, to declare it again where a queue is found missing.
    pub async fn declare(&self, topology: &Topology) -> Result<Vec<Finding>, BrokerError> {
        let (feasible, lacking) = plugin::feasible(&self.shared.settings, topology).await?;
        self.known().include(feasible.clone());
        let mut findings = declare::declare(&self.connection()?.connection, &feasible).await?;
        findings.extend(lacking);
        Ok(findings)
    }

    /// Declares the queue of a sede that became active.
    pub async fn declare_sede(&self, sede: &SedeCode) -> Result<Vec<Finding>, BrokerError> {
        let settings = &self.shared.settings;
        self.declare(&Topology::of_sede(&settings.prefix, settings.queue_type, sede))
            .await
    }

    /// What of a topology is missing or different.
    pub async fn diff(&self, topology: &Topology) -> Result<Vec<Finding>, BrokerError> {
        let (feasible, lacking) = plugin::feasible(&self.shared.settings, topology).await?;
        let mut findings = declare::diff(&self.connection()?.connection, &feasible).await?;
        findings.extend(lacking);
        Ok(findings)
    }

    /// Shards of the intake that an earlier, larger number left behind, as they stood when first asked for.
    pub async fn shards_left_over(&self) -> Result<&[String], BrokerError> {
        let look = async || {
            let mut found = Vec::new();
            for queue in shards::beyond(&self.shared.settings) {
                if self.queue_status(&queue).await?.is_none() {
                    break;
                }
                found.push(queue);
            }
            Ok(found)
        };
        self.shared
            .left_over
            .get_or_try_init(look)
            .await
            .map(Vec::as_slice)
    }

    /// These queues with the shards left over among them, for those who look at all.
    pub async fn with_shards_left_over(&self, mut topology: Topology) -> Result<Topology, BrokerError> {
        for queue in self.shards_left_over().await? {
            topology
                .queues
                .push(shards::queue(&self.shared.settings, queue.clone()));
        }
        Ok(topology)
    }

    /// Whoever holds the intake holds every shard of it.
    pub fn with_shards(&self, pauses: Pauses) -> Pauses {
        shards::with_shards(pauses, &self.shared.settings.prefix)
    }

    /// How full a queue is; `None` when there is none.
    pub async fn queue_status(&self, queue: &str) -> Result<Option<QueueStatus>, BrokerError> {
        declare::queue_status(&self.connection()?.connection, queue).await
    }

    /// These will be consumed, once the node knows what it needs for it: until then it is not ready.
    pub fn expect(&self, queues: impl IntoIterator<Item = String>) {
        for queue in queues {
            self.board().consumer_not_begun(&queue);
        }
    }

    /// Ends all consumers: nothing more is delivered, what is already in hand can still be acknowledged.
    pub fn stop_consuming(&self) {
        self.shared.stop_consuming.cancel();
    }

    /// Ends everything. What was delivered and not acknowledged goes back to its queue.
    pub async fn close(&self) {
        self.stop_consuming();
        self.shared.closing.cancel();
        let mut tasks = self.shared.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
    }

    /// The connection for everything but publishing: an alarm does not block it.
    fn connection(&self) -> Result<Arc<Live>, BrokerError> {
        self.shared.consuming.now().ok_or(BrokerError::NotConnected)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Topology> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.shared.budget
    }

    pub(super) fn board(&self) -> &Board {
        &self.shared.board
    }

    pub(super) async fn consuming_link(&self) -> Arc<Live> {
        self.shared.consuming.live().await
    }

    /// Declares a queue that has gone missing, if it is ours to manage.
    pub(super) async fn mend(&self, queue: &str) -> Result<Vec<Finding>, BrokerError> {
        if !self.shared.settings.topology.manage {
            return Ok(Vec::new());
        }
        let wanted = self.known().only_queue(queue);
        declare::declare(&self.connection()?.connection, &wanted).await
    }
}

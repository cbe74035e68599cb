//! Putting a node together, and taking it apart in the right order.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::changes::{Follower, TopologyKeeper};
use super::engine::{attachments, engine};
use super::ground::{listen, serve_http, wait_for_database};
use super::heart::Heart;
use super::intake::Consuming;
use super::jobs::{JobParts, built_in};
use super::registries::work_parked;
use super::web::{WebParts, router};
use super::{Node, NodeError, NodeOptions, Role, Workflows, health, pauses, store, time};
use crate::amqp::Broker;
use crate::amqp::topology::shards::intake_queues;
use crate::domain::ids::NodeName;
use crate::domain::registers::Registers;
use crate::engine::{Door, Engine};
use crate::http;
use crate::http::late::Late;
use crate::lifecycle::Shutdown;
use crate::mail::{Mailer, Surroundings};
use crate::relay::{HandOff, Relay, RelayOptions};
use crate::store::Store;
use crate::telemetry::metrics::Exporter;

/// Longest a destination that refuses is left alone.
const LONGEST_BACK_OFF: Duration = Duration::from_mins(1);
/// Windows of a relay that are under way at once, each on a channel of its own.
const WINDOWS: usize = 4;

impl Node {
    /// Starts a node; it runs on `shutdown` until that is asked to stop.
    pub async fn start(options: NodeOptions<'_>, exporter: Exporter) -> Result<Self, NodeError> {
        let config = options.config;
        let name = config.node.name();
        // Everything that can be wrong with files is found before anything is asked or consumed.
        let workflows = Workflows::load(&config.workflows.dir, &options.readiness)?;
        let attachments = attachments(config)?;
        let store = store(config, &name)?;
        let listener = listen(config.http.listen).await?;
        let http = listener
            .local_addr()
            .map_err(|error| NodeError::Http(config.http.listen, error))?;
        let stop = options.shutdown.soft();
        let late = Late::until(stop.clone());
        let listening = CancellationToken::new();
        serve_http(
            &options,
            &store,
            listener,
            exporter,
            late.clone(),
            listening.clone(),
        );
        // A node that cannot start listens no longer.
        let listening = listening.drop_guard();
        wait_for_database(&options, &store, &stop).await?;
        workflows.pin(&store).await?;

        let parts = Parts {
            options: &options,
            name: &name,
            store: &store,
            stop: &stop,
        };
        let broker = parts.broker().await?;
        // Loaded before anything decides: without them a portal would not be told.
        let (registers_sender, registers) = watch::channel(Arc::new(store.load_registers().await?));
        let (told_sender, told) = mpsc::channel(1_000);
        let mails = Arc::new(Notify::new());
        let (handoff, relaying) = parts.relay(&broker, told);
        let engine = Arc::new(engine(
            config,
            &store,
            options.clock.clone(),
            &workflows,
            registers.clone(),
            attachments.clone(),
            handoff,
        )?);
        parts.follow(&broker, registers_sender, told_sender, &mails);
        let workers = TaskTracker::new();
        let closing = CancellationToken::new();
        let (worker_count, batch) = (config.engine.workers.get(), config.engine.batch.get());
        let door = Door::open(&engine, worker_count, batch, &workers, &closing);
        parts.parked(&engine, &workers, &closing);
        parts.health(&broker);
        parts.scheduler(&engine, &mails);
        options
            .shutdown
            .spawn("audit", super::audit::seal(store.clone(), stop.clone()));
        parts.mailer(&mails)?;
        late.open(if parts.has(Role::Web) {
            let parts = WebParts {
                options: &options,
                engine: &engine,
                broker: &broker,
                door: &door,
                workflows: &workflows,
                registers: &registers,
                attachments,
            };
            router(parts).await?
        } else {
            http::nothing()
        });
        let intake = parts.intake(&broker, &door, &registers);
        let held = broker.held();
        let ending = Ending {
            broker,
            intake,
            closing,
            workers,
            relaying,
            heart: parts.heart(),
            listening,
        };
        options
            .shutdown
            .spawn("the order of ending", ending.in_order(options.shutdown.clone()));
        let readiness = options.readiness.clone();
        Ok(Self {
            name: name.clone(),
            store,
            engine,
            door,
            workflows,
            registers,
            readiness,
            held,
            http,
        })
    }
}

/// What the parts of a node are made of.
struct Parts<'a> {
    options: &'a NodeOptions<'a>,
    name: &'a NodeName,
    store: &'a Store,
    stop: &'a CancellationToken,
}

/// A part of a node that is to be stopped after others.
struct Running {
    task: tokio::task::JoinHandle<()>,
    stop: CancellationToken,
}

impl Running {
    fn start<Part>(part: impl FnOnce(CancellationToken) -> Part) -> Self
    where
        Part: Future<Output = ()> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let task = tokio::spawn(part(stop.clone()));
        Self { task, stop }
    }

    async fn end(self, name: &'static str) {
        self.stop.cancel();
        log_panic(name, &self.task.await);
    }
}

impl Parts<'_> {
    fn has(&self, role: Role) -> bool {
        self.options.roles.contains(&role)
    }

    /// What people hold is known before anything is taken or sent.
    async fn broker(&self) -> Result<Broker, NodeError> {
        let settings = &self.options.config.amqp;
        let broker = Broker::start(settings, self.name, self.options.clock.clone());
        if self.has(Role::Intake) {
            broker.expect(Consuming::queues(settings));
        }
        broker.hold(self.store.pauses().await?.pauses);
        Ok(broker)
    }

    fn heart(&self) -> Running {
        let heart = Heart {
            store: self.store.clone(),
            node: self.name.clone(),
            roles: self.options.roles.to_vec(),
            lease: self.options.config.relay.lease.get(),
        };
        Running::start(|stop| heart.beat(stop))
    }

    fn relay(&self, broker: &Broker, told: mpsc::Receiver<Vec<u16>>) -> (Option<HandOff>, Option<Running>) {
        if !self.has(Role::Relay) {
            return (None, None);
        }
        let settings = &self.options.config.relay;
        let options = RelayOptions {
            node: self.name.clone(),
            buckets: settings.buckets.get(),
            lease: settings.lease.get(),
            poll: settings.poll.get(),
            window: settings.window.get(),
            longest_back_off: LONGEST_BACK_OFF,
        };
        let publishers = (0..WINDOWS).map(|_| broker.publisher()).collect();
        let (relay, handoff) = Relay::new(self.store.clone(), publishers, broker.held(), options);
        let relaying = Running::start(|stop| relay.run(told, stop));
        (Some(handoff), Some(relaying))
    }

    fn follow(
        &self,
        broker: &Broker,
        registers: watch::Sender<Arc<Registers>>,
        told: mpsc::Sender<Vec<u16>>,
        mails: &Arc<Notify>,
    ) {
        let config = self.options.config;
        let topology = config.amqp.topology.manage.then(|| TopologyKeeper {
            broker: broker.clone(),
            settings: config.amqp.clone(),
            declared: None,
        });
        let pauses = Arc::new(Notify::new());
        let keeping = pauses::keep(
            self.store.clone(),
            broker.clone(),
            Arc::clone(&pauses),
            self.stop.clone(),
        );
        self.options.shutdown.spawn("pauses", keeping);
        let follower = Follower {
            store: self.store.clone(),
            clock: self.options.clock.clone(),
            clock_moves: !config.profile.is_production(),
            registers,
            readiness: self.options.readiness.clone(),
            told,
            mails: Arc::clone(mails),
            pauses,
            topology,
        };
        self.options
            .shutdown
            .spawn("changes of other nodes", follower.run(self.stop.clone()));
    }

    /// What waited for a register or for files, once that answers.
    fn parked(&self, engine: &Arc<Engine>, workers: &TaskTracker, closing: &CancellationToken) {
        if self.has(Role::Intake) {
            let readiness = self.options.readiness.clone();
            let working = work_parked(Arc::clone(engine), self.name.clone(), readiness, closing.clone());
            workers.spawn(working);
        }
    }

    fn health(&self, broker: &Broker) {
        let readiness = &self.options.readiness;
        let shutdown = self.options.shutdown;
        shutdown.spawn(
            "watch over the database",
            health::watch_database(self.store.clone(), readiness.clone(), self.stop.clone()),
        );
        shutdown.spawn(
            "time",
            time::keep(
                self.store.clone(),
                self.options.clock.clone(),
                readiness.clone(),
                self.stop.clone(),
            ),
        );
        shutdown.spawn(
            "watch over the broker",
            health::watch_broker(broker.state(), readiness.clone(), self.stop.clone()),
        );
        shutdown.spawn(
            "watch over unrouted requests",
            health::watch_unrouted(self.store.clone(), readiness.clone(), self.stop.clone()),
        );
        let queues = intake_queues(&self.options.config.amqp);
        shutdown.spawn(
            "watch over the intake",
            health::watch_intake(broker.clone(), queues, self.stop.clone()),
        );
    }

    fn scheduler(&self, engine: &Arc<Engine>, mails: &Arc<Notify>) {
        if !self.has(Role::Scheduler) {
            return;
        }
        let clock = self.options.clock.clone();
        let parts = JobParts {
            store: self.store.clone(),
            engine: Arc::clone(engine),
            clock: clock.clone(),
            mails: Arc::clone(mails),
        };
        let jobs = built_in(self.options.config, &parts);
        let (store, name, stop) = (self.store.clone(), self.name.clone(), self.stop.clone());
        self.options.shutdown.spawn("scheduler", async move {
            if let Err(error) = crate::scheduler::run(store, name, jobs, clock, stop).await {
                tracing::error!(error = %error, "the scheduler could not start");
            }
        });
    }

    fn mailer(&self, wake: &Arc<Notify>) -> Result<(), NodeError> {
        if !self.has(Role::Mailer) {
            return Ok(());
        }
        let config = self.options.config;
        let surroundings = Surroundings {
            service: config.brand.name.clone(),
            base_url: config.http.base_url.clone(),
        };
        let (store, name, clock) = (self.store.clone(), self.name.clone(), self.options.clock.clone());
        let mailer = Mailer::new(store, name, &config.smtp, &config.mail, surroundings, clock)
            .map_err(NodeError::Mail)?;
        let (stop, cut) = (self.stop.clone(), self.options.shutdown.hard());
        let wake = Arc::clone(wake);
        self.options
            .shutdown
            .spawn("mailer", async move { mailer.run(stop, cut, wake).await });
        Ok(())
    }

    fn intake(
        &self,
        broker: &Broker,
        door: &Door,
        registers: &watch::Receiver<Arc<Registers>>,
    ) -> Vec<tokio::task::JoinHandle<()>> {
        if !self.has(Role::Intake) {
            return Vec::new();
        }
        let consuming = Consuming {
            settings: self.options.config.amqp.clone(),
            broker: broker.clone(),
            door: door.clone(),
            store: self.store.clone(),
            registers: registers.clone(),
            stop: self.stop.clone(),
        };
        consuming.start()
    }
}

/// The parts that must end one after the other.
struct Ending {
    broker: Broker,
    intake: Vec<tokio::task::JoinHandle<()>>,
    /// Closes the engine's door.
    closing: CancellationToken,
    workers: TaskTracker,
    relaying: Option<Running>,
    heart: Running,
    /// Until it is dropped the node answers over HTTP: that it is stopping.
    listening: DropGuard,
}

impl Ending {
    async fn in_order(self, shutdown: Shutdown) {
        shutdown.soft().cancelled().await;
        let step = shutdown.in_hand("intake");
        self.broker.stop_consuming();
        for task in self.intake {
            log_panic("intake", &task.await);
        }
        drop(step);
        let step = shutdown.in_hand("workers");
        self.closing.cancel();
        self.workers.close();
        self.workers.wait().await;
        drop(step);
        if let Some(relaying) = self.relaying {
            let _step = shutdown.in_hand("relay");
            relaying.end("relay").await;
        }
        let step = shutdown.in_hand("heart");
        self.heart.end("heart").await;
        drop(step);
        let _step = shutdown.in_hand("connections to the broker");
        self.broker.close().await;
        drop(self.listening);
    }
}

fn log_panic(task: &str, ended: &Result<(), tokio::task::JoinError>) {
    if ended.is_err() {
        tracing::error!(task, "a part of the node panicked");
    }
}

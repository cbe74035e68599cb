//! What must stand at the broker (CONTRACT.md 1), as plain data. Declaring makes it so, and never deletes.
//!
//! ```text
//! P.commands (topic) --#--> P.intake --dead letter--> P.intake.quarantine        (or several intakes: `shards`)
//!     \--alternate--> P.unroutable (fanout) --> P.unroutable
//! P.sedi (topic) --sede.<code>--> sede.<code>          P.events (topic) --portal.<patronato>.#--> portal.<patronato>
//! ```
//! The intake dead-letters through an exchange of its own, so that a quarantined message keeps the routing key that
//! proves its publisher.

pub(super) mod declare;
pub(super) mod plugin;
pub mod shards;

use std::num::NonZeroU16;

use crate::config::amqp::{AmqpSettings, QueueType};
use crate::domain::ids::{PatronatoCode, SedeCode};
use crate::domain::registers::Registers;

use super::outgoing::{Exchange, key_of_sede, queue_of_portal};

/// RabbitMQ 4 drops a message after 20 deliveries unless told otherwise. Only the intake has somewhere to move it.
const NO_DELIVERY_LIMIT: u32 = 2_147_483_647;

/// How an exchange routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routing {
    Topic,
    Fanout,
    /// To one of several queues, by the hash of the `correlation_id`.
    Hash,
}

/// An exchange; durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeSpec {
    pub name: String,
    pub routing: Routing,
    /// Where messages go that match no binding.
    pub alternate: Option<String>,
}

/// A queue; durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSpec {
    pub name: String,
    pub queue_type: QueueType,
    /// For quorum queues.
    pub delivery_limit: u32,
    /// The exchange for what exceeds the limit or is rejected.
    pub dead_letters_to: Option<String>,
}

/// Where an exchange leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    Queue(String),
    Exchange(String),
}

impl Destination {
    pub fn name(&self) -> &str {
        match self {
            Self::Queue(name) | Self::Exchange(name) => name,
        }
    }
}

/// A way from an exchange to a queue or to another exchange.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    pub exchange: String,
    pub to: Destination,
    pub key: String,
}

/// Exchanges, queues and bindings, in an order in which they can be declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    pub exchanges: Vec<ExchangeSpec>,
    pub queues: Vec<QueueSpec>,
    pub bindings: Vec<Binding>,
    /// What another number of shards has bound: taken away once all the others are made.
    pub severed: Vec<Binding>,
}

/// Where the broker moves what was delivered too often without an ack.
pub fn quarantine_queue(prefix: &str) -> String {
    format!("{prefix}.intake.quarantine")
}

/// Where commands go that even the intake is not bound to.
pub fn unroutable_queue(prefix: &str) -> String {
    format!("{prefix}.unroutable")
}

impl Topology {
    /// Everything the registers ask for.
    pub fn wanted(settings: &AmqpSettings, registers: &Registers) -> Self {
        let sedi = registers
            .sedi()
            .filter(|sede| sede.active)
            .map(|sede| sede.code.clone());
        let portals = registers
            .patronati()
            .filter(|one| one.queue)
            .map(|one| one.code.clone());
        let AmqpSettings {
            prefix,
            queue_type,
            intake_shards,
            ..
        } = settings;
        Self::of(prefix, *queue_type, *intake_shards, sedi, portals)
    }

    /// Everything: the engine's own queues, one per active sede (the two desks always among them), one per portal.
    pub fn of(
        prefix: &str,
        queue_type: QueueType,
        intake_shards: NonZeroU16,
        sedi: impl IntoIterator<Item = SedeCode>,
        patronati: impl IntoIterator<Item = PatronatoCode>,
    ) -> Self {
        let mut topology = Self::of_engine(prefix, queue_type);
        topology.include(shards::intake(prefix, queue_type, intake_shards));
        for sede in [SedeCode::lineainps(), SedeCode::unrouted_desk()] {
            topology.include(Self::of_sede(prefix, queue_type, &sede));
        }
        for sede in sedi.into_iter().filter(|sede| !sede.is_desk()) {
            topology.include(Self::of_sede(prefix, queue_type, &sede));
        }
        for patronato in patronati {
            topology.include(Self::of_portal(prefix, queue_type, &patronato));
        }
        topology
    }

    /// The queue of one sede or desk.
    pub fn of_sede(prefix: &str, queue_type: QueueType, sede: &SedeCode) -> Self {
        let key = key_of_sede(sede);
        Self::bound_queue(&Exchange::Sedi.name(prefix), queue_type, key.clone(), key)
    }

    /// The queue of one portal.
    pub fn of_portal(prefix: &str, queue_type: QueueType, patronato: &PatronatoCode) -> Self {
        let queue = queue_of_portal(patronato);
        let key = format!("{queue}.#");
        Self::bound_queue(&Exchange::Events.name(prefix), queue_type, queue, key)
    }

    /// Adds what the other has and this has not.
    pub fn include(&mut self, other: Self) {
        extend(&mut self.exchanges, other.exchanges);
        extend(&mut self.queues, other.queues);
        extend(&mut self.bindings, other.bindings);
        extend(&mut self.severed, other.severed);
    }

    /// One queue of this topology with its bindings.
    #[must_use]
    pub fn only_queue(&self, name: &str) -> Self {
        Self {
            exchanges: Vec::new(),
            queues: self
                .queues
                .iter()
                .filter(|queue| queue.name == name)
                .cloned()
                .collect(),
            bindings: self
                .bindings
                .iter()
                .filter(|binding| binding.to == Destination::Queue(name.to_owned()))
                .cloned()
                .collect(),
            severed: Vec::new(),
        }
    }

    fn of_engine(prefix: &str, queue_type: QueueType) -> Self {
        let (quarantine, unroutable) = (quarantine_queue(prefix), unroutable_queue(prefix));
        let exchange = |name: String, routing, alternate| ExchangeSpec {
            name,
            routing,
            alternate,
        };
        let queue = |name: &str| QueueSpec {
            name: name.to_owned(),
            queue_type,
            delivery_limit: NO_DELIVERY_LIMIT,
            dead_letters_to: None,
        };
        let bound = |name: &str| Binding {
            exchange: name.to_owned(),
            to: Destination::Queue(name.to_owned()),
            key: String::new(),
        };
        Self {
            exchanges: vec![
                exchange(unroutable.clone(), Routing::Fanout, None),
                exchange(quarantine.clone(), Routing::Fanout, None),
                exchange(
                    Exchange::Commands.name(prefix),
                    Routing::Topic,
                    Some(unroutable.clone()),
                ),
                exchange(Exchange::Sedi.name(prefix), Routing::Topic, None),
                exchange(Exchange::Events.name(prefix), Routing::Topic, None),
            ],
            queues: vec![queue(&unroutable), queue(&quarantine)],
            bindings: vec![bound(&unroutable), bound(&quarantine)],
            severed: Vec::new(),
        }
    }

    fn bound_queue(exchange: &str, queue_type: QueueType, queue: String, key: String) -> Self {
        Self {
            exchanges: Vec::new(),
            bindings: vec![Binding {
                exchange: exchange.to_owned(),
                to: Destination::Queue(queue.clone()),
                key,
            }],
            severed: Vec::new(),
            queues: vec![QueueSpec {
                name: queue,
                queue_type,
                delivery_limit: NO_DELIVERY_LIMIT,
                dead_letters_to: None,
            }],
        }
    }
}

fn extend<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(super) fn lines(topology: &Topology) -> Vec<String> {
        let exchanges = topology.exchanges.iter().map(|exchange| {
            let alternate = exchange.alternate.as_deref().unwrap_or("-");
            format!(
                "exchange {} {:?} alternate {alternate}",
                exchange.name, exchange.routing
            )
        });
        let queues = topology.queues.iter().map(|queue| {
            let dead = queue.dead_letters_to.as_deref().unwrap_or("-");
            format!(
                "queue {} {} limit {} dead letters {dead}",
                queue.name, queue.queue_type, queue.delivery_limit
            )
        });
        let bindings = topology.bindings.iter().map(|binding| {
            format!(
                "binding {} --{}--> {}",
                binding.exchange,
                binding.key,
                binding.to.name()
            )
        });
        exchanges.chain(queues).chain(bindings).collect()
    }

    #[test]
    fn everything_of_the_contract_is_there() {
        let sede = SedeCode::parse("230001").unwrap();
        let patronato = PatronatoCode::parse("inca").unwrap();
        let topology = Topology::of(
            "usciere",
            QueueType::Quorum,
            NonZeroU16::MIN,
            [sede, SedeCode::lineainps()],
            [patronato],
        );
        insta::assert_json_snapshot!(lines(&topology));
    }

    #[test]
    fn what_is_included_twice_is_there_once() {
        let sede = SedeCode::parse("230001").unwrap();
        let mut topology = Topology::of("p", QueueType::Classic, NonZeroU16::MIN, [sede.clone()], []);
        let before = topology.clone();
        topology.include(Topology::of_sede("p", QueueType::Classic, &sede));
        assert_eq!(topology, before);
    }

    #[test]
    fn one_queue_comes_with_its_bindings_and_nothing_else() {
        let topology = Topology::of("p", QueueType::Quorum, NonZeroU16::MIN, [], []);
        insta::assert_json_snapshot!(lines(&topology.only_queue("p.intake")), @r#"
        [
          "queue p.intake quorum limit 10 dead letters p.intake.quarantine",
          "binding p.commands --#--> p.intake"
        ]
        "#);
    }
}

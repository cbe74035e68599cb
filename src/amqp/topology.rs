//! What must stand at the broker (CONTRACT.md 1), as plain data. Declaring makes it so, and never deletes.
//!
//! ```text
//! P.commands (topic) --#--> P.intake --dead letter--> P.intake.quarantine
//!     \--alternate--> P.unroutable (fanout) --> P.unroutable
//! P.sedi (topic) --sede.<code>--> sede.<code>          P.events (topic) --portal.<patronato>.#--> portal.<patronato>
//! ```
//! The intake dead-letters through an exchange of its own, so that a quarantined message keeps the routing key that
//! proves its publisher.

pub(super) mod declare;

use crate::config::amqp::{AmqpSettings, QueueType};
use crate::domain::ids::{PatronatoCode, SedeCode};
use crate::domain::registers::Registers;

use super::outgoing::{Exchange, key_of_sede, queue_of_portal};

/// Deliveries after which the broker itself moves a message from the intake to the quarantine. High, because every
/// crash of a node or of the broker counts one for all messages in flight.
const INTAKE_DELIVERY_LIMIT: u32 = 10;
/// RabbitMQ 4 drops a message after 20 deliveries unless told otherwise. Only the intake has somewhere to move it.
const NO_DELIVERY_LIMIT: u32 = 2_147_483_647;

/// How an exchange routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routing {
    Topic,
    Fanout,
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

/// A queue's subscription to an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub exchange: String,
    pub queue: String,
    pub key: String,
}

/// Exchanges, queues and bindings, in an order in which they can be declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    pub exchanges: Vec<ExchangeSpec>,
    pub queues: Vec<QueueSpec>,
    pub bindings: Vec<Binding>,
}

/// The queue commands come in by.
pub fn intake_queue(prefix: &str) -> String {
    format!("{prefix}.intake")
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
        Self::of(&settings.prefix, settings.queue_type, sedi, portals)
    }

    /// Everything: the engine's own queues, one per active sede (the two desks always among them), one per portal.
    pub fn of(
        prefix: &str,
        queue_type: QueueType,
        sedi: impl IntoIterator<Item = SedeCode>,
        patronati: impl IntoIterator<Item = PatronatoCode>,
    ) -> Self {
        let mut topology = Self::of_engine(prefix, queue_type);
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
                .filter(|binding| binding.queue == name)
                .cloned()
                .collect(),
        }
    }

    fn of_engine(prefix: &str, queue_type: QueueType) -> Self {
        let (intake, quarantine, unroutable) = (
            intake_queue(prefix),
            quarantine_queue(prefix),
            unroutable_queue(prefix),
        );
        let exchange = |name: String, routing, alternate| ExchangeSpec {
            name,
            routing,
            alternate,
        };
        let queue = |name: &str, delivery_limit, dead_letters_to| QueueSpec {
            name: name.to_owned(),
            queue_type,
            delivery_limit,
            dead_letters_to,
        };
        let binding = |exchange: &str, queue: &str, key: &str| Binding {
            exchange: exchange.to_owned(),
            queue: queue.to_owned(),
            key: key.to_owned(),
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
            queues: vec![
                queue(&unroutable, NO_DELIVERY_LIMIT, None),
                queue(&quarantine, NO_DELIVERY_LIMIT, None),
                queue(&intake, INTAKE_DELIVERY_LIMIT, Some(quarantine.clone())),
            ],
            bindings: vec![
                binding(&unroutable, &unroutable, ""),
                binding(&quarantine, &quarantine, ""),
                binding(&Exchange::Commands.name(prefix), &intake, "#"),
            ],
        }
    }

    fn bound_queue(exchange: &str, queue_type: QueueType, queue: String, key: String) -> Self {
        Self {
            exchanges: Vec::new(),
            bindings: vec![Binding {
                exchange: exchange.to_owned(),
                queue: queue.clone(),
                key,
            }],
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
mod tests {
    use super::*;

    fn lines(topology: &Topology) -> Vec<String> {
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
                binding.exchange, binding.key, binding.queue
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
            [sede, SedeCode::lineainps()],
            [patronato],
        );
        insta::assert_json_snapshot!(lines(&topology));
    }

    #[test]
    fn what_is_included_twice_is_there_once() {
        let sede = SedeCode::parse("230001").unwrap();
        let mut topology = Topology::of("p", QueueType::Classic, [sede.clone()], []);
        let before = topology.clone();
        topology.include(Topology::of_sede("p", QueueType::Classic, &sede));
        assert_eq!(topology, before);
    }

    #[test]
    fn one_queue_comes_with_its_bindings_and_nothing_else() {
        let topology = Topology::of("p", QueueType::Quorum, [], []);
        insta::assert_json_snapshot!(lines(&topology.only_queue("p.intake")), @r#"
        [
          "queue p.intake quorum limit 10 dead letters p.intake.quarantine",
          "binding p.commands --#--> p.intake"
        ]
        "#);
    }
}

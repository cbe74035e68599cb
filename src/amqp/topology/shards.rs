//! The intake: one queue, or several that a hash of the `correlation_id` spreads commands over, so that those of one
//! request share a queue.
//!
//! ```text
//! one:      P.commands --#--> P.intake
//! several:  P.commands --#--> P.intake.shards (x-consistent-hash) --> P.intake.1 ... P.intake.N
//! ```
//! Changing the number loses nothing. Ways are made before others are taken away, so that a command comes twice rather
//! than not at all, and the inbox recognises it. `P.intake` is always there and always consumed; shards above the
//! number get nothing more and are consumed until they are gone. All of them dead-letter into the one quarantine.

use std::num::NonZeroU16;

use super::{Binding, Destination, ExchangeSpec, QueueSpec, Routing, Topology};
use super::{quarantine_queue, unroutable_queue};
use crate::amqp::outgoing::Exchange;
use crate::config::amqp::{AmqpSettings, MOST_SHARDS, QueueType};
use crate::domain::pause::Pauses;

/// Deliveries after which the broker itself moves a message from the intake to the quarantine. High, because every
/// crash of a node or of the broker counts one for all messages in flight.
const INTAKE_DELIVERY_LIMIT: u32 = 10;
/// Each queue gets an equal part of the commands.
const WEIGHT: &str = "1";

/// The queue commands come in by when there is one.
pub fn intake_queue(prefix: &str) -> String {
    format!("{prefix}.intake")
}

fn hash_exchange(prefix: &str) -> String {
    format!("{prefix}.intake.shards")
}

fn shard(prefix: &str, number: u16) -> String {
    format!("{prefix}.intake.{number}")
}

/// The shards that are bound: none where one queue takes everything.
fn bound(shards: NonZeroU16) -> std::ops::RangeInclusive<u16> {
    1..=if shards.get() == 1 { 0 } else { shards.get() }
}

/// Every queue nodes take commands from.
pub fn intake_queues(settings: &AmqpSettings) -> Vec<String> {
    let shards = bound(settings.intake_shards).map(|number| shard(&settings.prefix, number));
    std::iter::once(intake_queue(&settings.prefix))
        .chain(shards)
        .collect()
}

/// What a node may hold unacknowledged of each of them.
pub fn prefetch_of_each(settings: &AmqpSettings) -> u16 {
    settings.prefetch.div_ceil(settings.intake_shards.get())
}

/// Shards a larger number may have left behind, in the order in which they were made.
pub(in crate::amqp) fn beyond(settings: &AmqpSettings) -> impl Iterator<Item = String> {
    let last = *bound(settings.intake_shards).end();
    (last + 1..=MOST_SHARDS).map(|number| shard(&settings.prefix, number))
}

/// Whoever holds the intake holds its shards.
pub(in crate::amqp) fn with_shards(pauses: Pauses, prefix: &str) -> Pauses {
    let shards = (1..=MOST_SHARDS).map(|number| shard(prefix, number));
    pauses.spread(&intake_queue(prefix), shards)
}

pub(in crate::amqp) fn queue(settings: &AmqpSettings, name: String) -> QueueSpec {
    spec(&settings.prefix, settings.queue_type, name)
}

fn spec(prefix: &str, queue_type: QueueType, name: String) -> QueueSpec {
    QueueSpec {
        name,
        queue_type,
        delivery_limit: INTAKE_DELIVERY_LIMIT,
        dead_letters_to: Some(quarantine_queue(prefix)),
    }
}

/// What leads commands to this many queues, and what led them elsewhere.
pub(super) fn intake(prefix: &str, queue_type: QueueType, shards: NonZeroU16) -> Topology {
    let binding = |exchange: String, to: Destination, key: &str| Binding {
        exchange,
        to,
        key: key.to_owned(),
    };
    let commands = Exchange::Commands.name(prefix);
    let hash = hash_exchange(prefix);
    let to_one = binding(commands.clone(), Destination::Queue(intake_queue(prefix)), "#");
    let to_several = binding(commands, Destination::Exchange(hash.clone()), "#");
    let mut topology = Topology {
        queues: vec![spec(prefix, queue_type, intake_queue(prefix))],
        ..Topology::default()
    };
    if shards.get() == 1 {
        topology.bindings.push(to_one);
        topology.severed.push(to_several);
        return topology;
    }
    topology.exchanges.push(ExchangeSpec {
        name: hash.clone(),
        routing: Routing::Hash,
        alternate: Some(unroutable_queue(prefix)),
    });
    let to_shard = |number| {
        let queue = Destination::Queue(shard(prefix, number));
        binding(hash.clone(), queue, WEIGHT)
    };
    for number in bound(shards) {
        topology
            .queues
            .push(spec(prefix, queue_type, shard(prefix, number)));
        topology.bindings.push(to_shard(number));
    }
    // Last: once commands go this way, everything behind it stands.
    topology.bindings.push(to_several);
    topology.severed.push(to_one);
    topology
        .severed
        .extend((shards.get() + 1..=MOST_SHARDS).map(to_shard));
    topology
}

impl Topology {
    /// The exchange that spreads commands, where there is one.
    pub(super) fn spreads_by(&self) -> Option<&ExchangeSpec> {
        self.exchanges.iter().find(|one| one.routing == Routing::Hash)
    }

    /// The same with every command in one queue: for a broker that cannot spread them.
    #[must_use]
    pub(super) fn gathered(mut self) -> Self {
        let Some(hash) = self.spreads_by().map(|one| one.name.clone()) else {
            return self;
        };
        self.exchanges.retain(|one| one.name != hash);
        let (to_several, others) = self
            .bindings
            .into_iter()
            .partition::<Vec<_>, _>(|one| one.to == Destination::Exchange(hash.clone()));
        let to_one = self.severed.into_iter().filter(|one| one.exchange != hash);
        self.bindings = others
            .into_iter()
            .filter(|one| one.exchange != hash)
            .chain(to_one)
            .collect();
        self.severed = to_several;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::lines;
    use super::*;

    fn several(number: u16) -> Topology {
        let number = NonZeroU16::new(number).unwrap();
        Topology::of("p", QueueType::Quorum, number, [], [])
    }

    #[test]
    fn several_queues_share_the_commands_and_one_quarantine() {
        let topology = intake("p", QueueType::Quorum, NonZeroU16::new(2).unwrap());
        insta::assert_json_snapshot!(lines(&topology), @r#"
        [
          "exchange p.intake.shards Hash alternate p.unroutable",
          "queue p.intake quorum limit 10 dead letters p.intake.quarantine",
          "queue p.intake.1 quorum limit 10 dead letters p.intake.quarantine",
          "queue p.intake.2 quorum limit 10 dead letters p.intake.quarantine",
          "binding p.intake.shards --1--> p.intake.1",
          "binding p.intake.shards --1--> p.intake.2",
          "binding p.commands --#--> p.intake.shards"
        ]
        "#);
        assert_eq!(
            topology.severed.len(),
            1 + 30,
            "the one queue, and every shard above"
        );
    }

    #[test]
    fn a_broker_that_cannot_spread_gets_the_topology_of_one_queue_and_idle_shards() {
        let mut gathered = several(3).gathered();
        let one = several(1);
        assert_eq!(
            (&gathered.bindings.len(), &gathered.severed),
            (&one.bindings.len(), &one.severed)
        );
        assert!(
            one.bindings
                .iter()
                .all(|binding| gathered.bindings.contains(binding))
        );
        assert_eq!(gathered.exchanges, one.exchanges);
        gathered.queues.retain(|queue| one.queues.contains(queue));
        assert_eq!(gathered.queues, one.queues);
        assert_eq!(several(1).gathered(), one);
    }

    #[test]
    fn what_a_node_takes_and_how_much_of_each_follows_from_the_number() {
        let settings = |number| AmqpSettings {
            intake_shards: NonZeroU16::new(number).unwrap(),
            ..AmqpSettings::default()
        };
        assert_eq!(intake_queues(&settings(1)), ["usciere.intake"]);
        assert_eq!(prefetch_of_each(&settings(1)), 1_000);
        assert_eq!(
            intake_queues(&settings(2)),
            ["usciere.intake", "usciere.intake.1", "usciere.intake.2"]
        );
        assert_eq!(prefetch_of_each(&settings(3)), 334);
        assert_eq!(beyond(&settings(1)).next().as_deref(), Some("usciere.intake.1"));
        assert_eq!(beyond(&settings(2)).next().as_deref(), Some("usciere.intake.3"));
        assert_eq!(beyond(&settings(MOST_SHARDS)).next(), None);
    }
}

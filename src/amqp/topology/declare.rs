//! Making a topology so, and telling what is not. Nothing is ever deleted: a queue that exists otherwise than wanted
//! is told and left alone (a deleted and redeclared quorum queue may never come back, RELIABILITY.md F10).

use lapin::options::{
    ExchangeBindOptions, ExchangeDeclareOptions, ExchangeUnbindOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, Error, ExchangeKind};

use super::{Binding, Destination, ExchangeSpec, QueueSpec, Routing, Topology, plugin};
use crate::amqp::connection::answered;
use crate::amqp::error::{BrokerError, NOT_FOUND, soft_code, told};
use crate::config::amqp::QueueType;

/// One thing at the broker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    Exchange(String),
    Queue(String),
    Binding(Binding),
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exchange(_) => write!(f, "exchange {}", self.name()),
            Self::Queue(_) => write!(f, "queue {}", self.name()),
            Self::Binding(_) => write!(f, "binding {}", self.name()),
        }
    }
}

impl Object {
    /// Its name; of a binding, which have none, the way it makes: `usciere.sedi --sede.230001--> sede.230001`.
    pub fn name(&self) -> String {
        match self {
            Self::Exchange(name) | Self::Queue(name) => name.clone(),
            Self::Binding(Binding { exchange, to, key }) if key.is_empty() => {
                format!("{exchange} --> {}", to.name())
            }
            Self::Binding(Binding { exchange, to, key }) => format!("{exchange} --{key}--> {}", to.name()),
        }
    }
}

/// How an object at the broker is not as wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deviation {
    Missing,
    /// It exists with other properties, in the broker's words.
    Different(String),
    /// The broker does not let us look or declare.
    Forbidden(String),
    /// The broker cannot spread commands: they all go through one queue.
    PluginMissing,
}

/// What to do about [`Deviation::PluginMissing`].
pub const PLUGIN_MISSING: &str = "the broker lacks the plugin that spreads commands, and they all go through one queue: \
     run `rabbitmq-plugins enable rabbitmq_consistent_hash_exchange` on each of its nodes, then \
     `usciere broker declare`; or set amqp.intake_shards to 1";

/// An object that is not as wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub object: Object,
    pub deviation: Deviation,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.deviation {
            Deviation::Missing => write!(f, "{} is missing", self.object),
            Deviation::Different(why) => write!(f, "{} is declared otherwise: {why}", self.object),
            Deviation::Forbidden(why) => write!(f, "{} may not be touched: {why}", self.object),
            Deviation::PluginMissing => write!(f, "{} cannot be made: {PLUGIN_MISSING}", self.object),
        }
    }
}

/// What a queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueStatus {
    /// Ready to be delivered; those delivered and not acknowledged are not counted.
    pub messages: u32,
    pub consumers: u32,
}

/// Declares everything; objects that cannot be made as wanted are reported, the others go on.
pub(in crate::amqp) async fn declare(
    connection: &Connection,
    topology: &Topology,
) -> Result<Vec<Finding>, BrokerError> {
    let mut work = Work::new(connection);
    for exchange in &topology.exchanges {
        let done = exchange_declare(work.channel().await?, exchange, false).await;
        work.note(Object::Exchange(exchange.name.clone()), done)?;
    }
    for queue in &topology.queues {
        let done = queue_declare(work.channel().await?, queue, false).await;
        work.note(Object::Queue(queue.name.clone()), done)?;
    }
    for binding in &topology.bindings {
        let done = bind(work.channel().await?, binding).await;
        work.note(Object::Binding(binding.clone()), done)?;
    }
    for binding in &topology.severed {
        match unbind(work.channel().await?, binding).await {
            // Nothing to take away.
            Err(error) if soft_code(&error) == Some(NOT_FOUND) => work.channel = None,
            done => drop(work.note(Object::Binding(binding.clone()), done)?),
        }
    }
    // A node with another number may have done the opposite meanwhile: whoever is last leaves a way.
    let cut: Vec<&str> = topology.severed.iter().map(|one| one.exchange.as_str()).collect();
    for binding in topology
        .bindings
        .iter()
        .filter(|one| cut.contains(&one.exchange.as_str()))
    {
        let done = bind(work.channel().await?, binding).await;
        work.note(Object::Binding(binding.clone()), done)?;
    }
    Ok(work.findings)
}

/// Looks for what is missing or different. AMQP cannot ask for bindings: those are made again by every declaration.
pub(in crate::amqp) async fn diff(
    connection: &Connection,
    topology: &Topology,
) -> Result<Vec<Finding>, BrokerError> {
    let mut work = Work::new(connection);
    for exchange in &topology.exchanges {
        let object = Object::Exchange(exchange.name.clone());
        let exists = exchange_declare(work.channel().await?, exchange, true).await;
        if work.note(object.clone(), exists)? {
            // What exists can be declared again: the broker then compares the properties.
            let same = exchange_declare(work.channel().await?, exchange, false).await;
            work.note(object, same)?;
        }
    }
    for queue in &topology.queues {
        let object = Object::Queue(queue.name.clone());
        let exists = queue_declare(work.channel().await?, queue, true).await;
        if work.note(object.clone(), exists)? {
            let same = queue_declare(work.channel().await?, queue, false).await;
            work.note(object, same)?;
        }
    }
    Ok(work.findings)
}

/// How many messages and consumers a queue has; `None` when there is no such queue.
pub(in crate::amqp) async fn queue_status(
    connection: &Connection,
    queue: &str,
) -> Result<Option<QueueStatus>, BrokerError> {
    let channel = answered(connection.create_channel()).await?;
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    match answered(channel.queue_declare(short(queue), options, FieldTable::default())).await {
        Ok(found) => Ok(Some(QueueStatus {
            messages: found.message_count(),
            consumers: found.consumer_count(),
        })),
        Err(error) if soft_code(&error) == Some(NOT_FOUND) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Declarations one after the other, on a channel that is replaced whenever the broker closes it.
struct Work<'c> {
    connection: &'c Connection,
    channel: Option<Channel>,
    findings: Vec<Finding>,
}

impl<'c> Work<'c> {
    const fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            channel: None,
            findings: Vec::new(),
        }
    }

    async fn channel(&mut self) -> Result<&Channel, BrokerError> {
        if self.channel.is_none() {
            self.channel = Some(answered(self.connection.create_channel()).await?);
        }
        Ok(self.channel.as_ref().expect("just opened"))
    }

    /// Notes how one object went; false when it is not as wanted.
    fn note(&mut self, object: Object, done: Result<(), Error>) -> Result<bool, BrokerError> {
        let Err(error) = done else { return Ok(true) };
        let deviation = match soft_code(&error) {
            Some(NOT_FOUND) => Deviation::Missing,
            Some(403) => Deviation::Forbidden(told(&error)),
            Some(_) => Deviation::Different(told(&error)),
            None => return Err(error.into()),
        };
        self.channel = None;
        self.findings.push(Finding { object, deviation });
        Ok(false)
    }
}

async fn exchange_declare(channel: &Channel, exchange: &ExchangeSpec, passive: bool) -> Result<(), Error> {
    let kind = match exchange.routing {
        Routing::Topic => ExchangeKind::Topic,
        Routing::Fanout => ExchangeKind::Fanout,
        Routing::Hash => ExchangeKind::Custom(plugin::TYPE.to_owned()),
    };
    let mut arguments = FieldTable::default();
    if exchange.routing == Routing::Hash {
        arguments.insert("hash-property".into(), text("correlation_id"));
    }
    if let Some(alternate) = &exchange.alternate {
        arguments.insert("alternate-exchange".into(), text(alternate));
    }
    let options = ExchangeDeclareOptions {
        passive,
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    answered(channel.exchange_declare(short(&exchange.name), kind, options, arguments)).await
}

async fn queue_declare(channel: &Channel, queue: &QueueSpec, passive: bool) -> Result<(), Error> {
    let options = QueueDeclareOptions {
        passive,
        durable: true,
        ..QueueDeclareOptions::default()
    };
    answered(channel.queue_declare(short(&queue.name), options, arguments_of(queue)))
        .await
        .map(|_| ())
}

fn arguments_of(queue: &QueueSpec) -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text(queue.queue_type.as_str()));
    if let Some(exchange) = &queue.dead_letters_to {
        arguments.insert("x-dead-letter-exchange".into(), text(exchange));
    }
    if queue.queue_type == QueueType::Quorum {
        arguments.insert(
            "x-delivery-limit".into(),
            AMQPValue::LongUInt(queue.delivery_limit),
        );
        if queue.dead_letters_to.is_some() {
            // Without these two a message may be lost on its way to the dead letters.
            arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
            arguments.insert("x-overflow".into(), text("reject-publish"));
        }
    }
    arguments
}

async fn bind(channel: &Channel, binding: &Binding) -> Result<(), Error> {
    let (exchange, key) = (short(&binding.exchange), short(&binding.key));
    let arguments = FieldTable::default();
    match &binding.to {
        Destination::Queue(queue) => {
            let options = QueueBindOptions::default();
            answered(channel.queue_bind(short(queue), exchange, key, options, arguments)).await
        }
        Destination::Exchange(to) => {
            let options = ExchangeBindOptions::default();
            answered(channel.exchange_bind(short(to), exchange, key, options, arguments)).await
        }
    }
}

async fn unbind(channel: &Channel, binding: &Binding) -> Result<(), Error> {
    let (exchange, key) = (short(&binding.exchange), short(&binding.key));
    let arguments = FieldTable::default();
    match &binding.to {
        Destination::Queue(queue) => {
            answered(channel.queue_unbind(short(queue), exchange, key, arguments)).await
        }
        Destination::Exchange(to) => {
            let options = ExchangeUnbindOptions::default();
            answered(channel.exchange_unbind(short(to), exchange, key, options, arguments)).await
        }
    }
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// Names are made of codes and a prefix, far below 255 bytes; what is longer would not be found anyway.
fn short(name: &str) -> ShortString {
    ShortString::try_new(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(queue_type: QueueType, dead_letters_to: Option<&str>) -> serde_json::Value {
        let queue = QueueSpec {
            name: "q".to_owned(),
            queue_type,
            delivery_limit: 10,
            dead_letters_to: dead_letters_to.map(str::to_owned),
        };
        let shown = |value: &AMQPValue| match value {
            AMQPValue::LongString(text) => text.to_string(),
            other => format!("{other:?}"),
        };
        let table = arguments_of(&queue);
        table
            .inner()
            .iter()
            .map(|(name, value)| (name.to_string(), shown(value)))
            .collect()
    }

    #[test]
    fn dead_letters_of_quorum_queues_are_never_lost_on_their_way() {
        insta::assert_json_snapshot!(arguments(QueueType::Quorum, Some("dead")));
    }

    #[test]
    fn classic_queues_take_no_arguments_they_do_not_know() {
        insta::assert_json_snapshot!(arguments(QueueType::Classic, Some("dead")));
    }
}

//! A broker side of its own for each test: prefix, sedi, engine, and outsiders.

use crate::services::fresh;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::OnceCell;

use bytes::Bytes;
use lapin::options::{BasicPublishOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};
use tokio::sync::watch;
use usciere::amqp::{Broker, BrokerState, Consumer, Delivery, Exchange, Outgoing, Topology};
use usciere::clock::Clock;
use usciere::config::amqp::{AmqpSettings, BrokerUrl, QueueType};
use usciere::domain::ids::{MessageId, NodeName, PatronatoCode, SedeCode};

/// Nothing here takes this long unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The broker for tests.
pub(crate) async fn amqp_url() -> String {
    static URL: OnceCell<String> = OnceCell::const_new();
    URL.get_or_init(async || fresh().await.1.to_string())
        .await
        .clone()
}

/// Names of one test's own.
pub(crate) struct Place {
    pub(crate) settings: AmqpSettings,
    pub(crate) sede: SedeCode,
    pub(crate) patronato: PatronatoCode,
}

impl Place {
    pub(crate) fn new(url: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{:x}-{count}", std::process::id());
        Self {
            settings: AmqpSettings {
                url: BrokerUrl(url.to_owned()),
                prefix: format!("test-{mark}"),
                queue_type: QueueType::Classic,
                ..AmqpSettings::default()
            },
            sede: SedeCode::parse(&format!("s{mark}")).unwrap(),
            patronato: PatronatoCode::parse(&format!("p{mark}")).unwrap(),
        }
    }

    /// Of the whole topology only what is this test's own; the desks are everybody's.
    pub(crate) fn topology(&self) -> Topology {
        let AmqpSettings {
            prefix, queue_type, ..
        } = &self.settings;
        let shards = self.settings.intake_shards;
        let (sede, patronato) = (self.sede.clone(), self.patronato.clone());
        let mut topology = Topology::of(prefix, *queue_type, shards, [sede], [patronato]);
        let is_desk = |queue: &str| ["sede.lineainps", "sede.da-smistare"].contains(&queue);
        topology.queues.retain(|queue| !is_desk(&queue.name));
        topology.bindings.retain(|binding| !is_desk(binding.to.name()));
        topology
    }

    pub(crate) fn sede_queue(&self) -> String {
        format!("sede.{}", self.sede)
    }

    pub(crate) fn intake_queue(&self) -> String {
        format!("{}.intake", self.settings.prefix)
    }

    /// A broker side that is connected and has its topology.
    pub(crate) async fn broker(&self) -> Broker {
        let broker = self.broker_without_topology().await;
        assert_eq!(broker.declare(&self.topology()).await.unwrap(), []);
        broker
    }

    pub(crate) async fn broker_without_topology(&self) -> Broker {
        let node = NodeName::parse("test").unwrap();
        let broker = Broker::start(&self.settings, &node, Clock::system());
        tokio::time::timeout(PATIENCE, broker.connected())
            .await
            .expect("RabbitMQ can be reached");
        broker
    }

    /// A message to this test's sede.
    pub(crate) fn message(&self, id: &str) -> Outgoing {
        Outgoing {
            exchange: Exchange::Sedi,
            routing_key: self.sede_queue(),
            message_id: MessageId::parse(id).unwrap(),
            kind: "request.assigned".into(),
            request: None,
            causation_id: None,
            case_seq: Some(1),
            trace_parent: None,
            at: Clock::system().now(),
            body: Bytes::from_static(br#"{"hello":"sede"}"#),
        }
    }

    /// A command on its way into the intake.
    pub(crate) fn command(&self, id: &str) -> Outgoing {
        Outgoing {
            exchange: Exchange::Commands,
            routing_key: format!("portal.{}.request.submit", self.patronato),
            kind: "request.submit".into(),
            ..self.message(id)
        }
    }
}

/// Somebody who is not the engine, on a connection of his own.
pub(crate) struct Outsider {
    pub(crate) channel: lapin::Channel,
    /// Dropped, it would take the channel with it.
    _connection: lapin::Connection,
}

impl Outsider {
    pub(crate) async fn new(url: &str) -> Self {
        let connection = lapin::Connection::connect(url, lapin::ConnectionProperties::default())
            .await
            .unwrap();
        Self {
            channel: connection.create_channel().await.unwrap(),
            _connection: connection,
        }
    }

    /// Publishes what the engine's own publisher never would.
    #[expect(
        clippy::disallowed_methods,
        reason = "an outsider does not publish through the engine"
    )]
    pub(crate) async fn publish(&self, prefix: &str, routing_key: &str, properties: lapin::BasicProperties) {
        let exchange = Exchange::Commands.name(prefix);
        let options = BasicPublishOptions::default();
        let publishing =
            self.channel
                .basic_publish(exchange.into(), routing_key.into(), options, b"{}", properties);
        publishing.await.unwrap();
    }

    pub(crate) async fn delete(&self, queue: &str) {
        self.channel
            .queue_delete(queue.into(), QueueDeleteOptions::default())
            .await
            .unwrap();
    }

    /// Declares a durable queue with arguments the engine would not choose.
    pub(crate) async fn declare(&self, queue: &str, arguments: &[(&str, AMQPValue)]) {
        let mut table = FieldTable::default();
        for (name, value) in arguments {
            table.insert((*name).into(), value.clone());
        }
        self.channel
            .queue_declare(queue.into(), QueueDeclareOptions::durable(), table)
            .await
            .unwrap();
    }
}

/// The next delivery, which must come.
pub(crate) async fn next(consumer: &mut Consumer) -> Delivery {
    tokio::time::timeout(PATIENCE, consumer.deliveries.recv())
        .await
        .expect("in time")
        .expect("still consuming")
}

/// Waits until the state is as wanted.
pub(crate) async fn until(
    state: &mut watch::Receiver<BrokerState>,
    wanted: impl FnMut(&BrokerState) -> bool,
) -> BrokerState {
    let news = tokio::time::timeout(PATIENCE, state.wait_for(wanted)).await;
    news.expect("in time").expect("the broker side lives").clone()
}

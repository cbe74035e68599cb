//! One connection for one errand: what the command line needs of the broker, with errors instead of waiting.

use futures::StreamExt;
use lapin::Connection;
use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use tokio::sync::mpsc;

use super::budget::Budget;
use super::connection;
use super::consumer::{Delivery, reading};
use super::error::BrokerError;
use super::outgoing::{Exchange, Outgoing};
use super::publisher::{self, Published};
use super::topology::declare::{self, Finding, QueueStatus};
use super::topology::{Topology, plugin};
use crate::config::amqp::AmqpSettings;

/// A connection that is given up when its errand is done.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    settings: AmqpSettings,
}

impl Session {
    /// Connects, or says at once why not. `errand` is what operators of the broker see.
    pub async fn open(settings: &AmqpSettings, errand: &str) -> Result<Self, BrokerError> {
        let connection = connection::open(settings, &format!("usciere {errand}")).await?;
        Ok(Self {
            connection,
            settings: settings.clone(),
        })
    }

    /// Declares a topology and tells what could not be made so.
    pub async fn declare(&self, topology: &Topology) -> Result<Vec<Finding>, BrokerError> {
        let (feasible, lacking) = plugin::feasible(&self.settings, topology).await?;
        let mut findings = declare::declare(&self.connection, &feasible).await?;
        findings.extend(lacking);
        Ok(findings)
    }

    /// What of a topology is missing or different.
    pub async fn diff(&self, topology: &Topology) -> Result<Vec<Finding>, BrokerError> {
        let (feasible, lacking) = plugin::feasible(&self.settings, topology).await?;
        let mut findings = declare::diff(&self.connection, &feasible).await?;
        findings.extend(lacking);
        Ok(findings)
    }

    /// How full a queue is; `None` when there is none.
    pub async fn queue_status(&self, queue: &str) -> Result<Option<QueueStatus>, BrokerError> {
        declare::queue_status(&self.connection, queue).await
    }

    /// Publishes and tells of each message what became of it.
    pub async fn publish(&self, messages: &[Outgoing]) -> Result<Vec<Published>, BrokerError> {
        Ok(publisher::publish_once(&self.connection, messages, &self.settings).await?)
    }

    /// Listens to what passes an exchange from now on, without taking it from anybody's queue.
    pub async fn listen(
        &self,
        bindings: &[(Exchange, &str)],
    ) -> Result<mpsc::Receiver<Delivery>, BrokerError> {
        let channel = self.connection.create_channel().await?;
        let own = QueueDeclareOptions {
            exclusive: true,
            auto_delete: true,
            ..QueueDeclareOptions::default()
        };
        let queue = channel
            .queue_declare(ShortString::default(), own, FieldTable::default())
            .await?;
        let queue = queue.name().clone();
        for (exchange, key) in bindings {
            let exchange = publisher::short(&exchange.name(&self.settings.prefix));
            let key = publisher::short(key);
            channel
                .queue_bind(
                    queue.clone(),
                    exchange,
                    key,
                    QueueBindOptions::default(),
                    FieldTable::default(),
                )
                .await?;
        }
        let no_ack = BasicConsumeOptions {
            no_ack: true,
            ..BasicConsumeOptions::default()
        };
        let mut consumer = channel
            .basic_consume(queue, ShortString::default(), no_ack, FieldTable::default())
            .await?;
        let (sender, receiver) = mpsc::channel(64);
        tokio::spawn(async move {
            let _channel = channel;
            while let Some(Ok(delivery)) = consumer.next().await {
                if sender
                    .send(reading::delivery(delivery, 0, &Budget::unlimited()))
                    .await
                    .is_err()
                {
                    return;
                }
            }
        });
        Ok(receiver)
    }

    /// Says goodbye; errors no longer matter.
    pub async fn close(self) {
        connection::goodbye(&self.connection).await;
    }
}

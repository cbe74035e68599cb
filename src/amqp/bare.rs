//! The broker without an engine: the limit `usciere bench` measures against. Consume, publish with confirms, ack; the
//! same messages, queues and number of connections as a node, and nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures::StreamExt as _;
use futures::future::try_join_all;
use futures::stream::select_all;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    QueueDeclareOptions, QueuePurgeOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Confirmation, Connection, Consumer, PublisherConfirm};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::connection::{self, goodbye};
use super::error::BrokerError;
use super::publisher::short;
use super::topology::shards::prefetch_of_each;
use crate::config::amqp::AmqpSettings;
use crate::domain::ids::RequestId;

/// Acknowledged together, as a node does.
const TOGETHER: usize = 256;

/// Where each message is sent on to: exchange and routing key.
pub type Copies = Vec<(String, String)>;

/// Sends on what comes to some queues, every message to all the places `copies` tells for its number, until it is
/// stopped. Each queue has a channel of its own, as at a node.
pub async fn forward(
    settings: &AmqpSettings,
    queues: &[String],
    copies: impl Fn(usize) -> Copies,
    stop: CancellationToken,
) -> Result<(), BrokerError> {
    let consuming = connection::open(settings, "usciere bench: bare, consuming").await?;
    let publishing = connection::open(settings, "usciere bench: bare, publishing").await?;
    let outlet = publishing.create_channel().await?;
    outlet.confirm_select(ConfirmSelectOptions::default()).await?;
    let mut lanes = Vec::new();
    for queue in queues {
        let intake = consuming.create_channel().await?;
        intake
            .basic_qos(prefetch_of_each(settings), BasicQosOptions::default())
            .await?;
        let consumer = consume(&intake, queue, BasicConsumeOptions::default()).await?;
        lanes.push(Lane {
            intake,
            consumer,
            outlet: outlet.clone(),
            window: settings.confirm_window,
        });
    }
    let number = AtomicUsize::new(0);
    let next = || copies(number.fetch_add(1, Ordering::Relaxed));
    try_join_all(lanes.into_iter().map(|lane| lane.run(&next, &stop))).await?;
    goodbye(&consuming).await;
    goodbye(&publishing).await;
    Ok(())
}

/// From one queue.
struct Lane {
    intake: Channel,
    consumer: Consumer,
    outlet: Channel,
    window: usize,
}

impl Lane {
    async fn run(mut self, copies: impl Fn() -> Copies, stop: &CancellationToken) -> Result<(), BrokerError> {
        let (sender, receiver) = mpsc::channel(self.window);
        let acking = tokio::spawn(acknowledge(self.intake, receiver));
        while let Some(Some(delivery)) = stop.run_until_cancelled(self.consumer.next()).await {
            let delivery = delivery?;
            let mut confirms = Vec::new();
            for (exchange, key) in copies() {
                confirms.push(send_on(&self.outlet, &exchange, &key, &delivery).await?);
            }
            if sender.send((delivery.delivery_tag, confirms)).await.is_err() {
                break;
            }
        }
        drop(sender);
        acking
            .await
            .map_err(|error| BrokerError::Object(error.to_string()))?
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the bare way is measured, not our publisher"
)]
async fn send_on(
    channel: &Channel,
    exchange: &str,
    key: &str,
    delivery: &Delivery,
) -> Result<PublisherConfirm, lapin::Error> {
    let mandatory = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let properties = delivery.properties.clone();
    channel
        .basic_publish(short(exchange), short(key), mandatory, &delivery.data, properties)
        .await
}

async fn acknowledge(
    channel: Channel,
    mut sent: mpsc::Receiver<(u64, Vec<PublisherConfirm>)>,
) -> Result<(), BrokerError> {
    let mut together = Vec::with_capacity(TOGETHER);
    while sent.recv_many(&mut together, TOGETHER).await > 0 {
        let mut last = 0;
        for (tag, confirms) in together.drain(..) {
            for confirm in confirms {
                match confirm.await? {
                    Confirmation::Ack(None) => last = tag,
                    Confirmation::Ack(Some(_)) | Confirmation::Nack(_) | Confirmation::NotRequested => {
                        return Err(BrokerError::Object(
                            "the broker did not take a message".to_owned(),
                        ));
                    }
                }
            }
        }
        channel
            .basic_ack(last, BasicAckOptions { multiple: true })
            .await?;
    }
    Ok(())
}

/// A message that reached its queue.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// By its `correlation_id`.
    pub request: Option<RequestId>,
    pub at: Instant,
}

/// Everything that comes to some queues, taken out of them.
pub struct Arrivals {
    receiver: mpsc::UnboundedReceiver<Arrival>,
    connection: Connection,
}

impl Arrivals {
    /// The next one; `None` when the connection broke.
    pub async fn next(&mut self) -> Option<Arrival> {
        self.receiver.recv().await
    }

    /// Takes no more: what comes from now on is another's.
    pub async fn close(self) {
        goodbye(&self.connection).await;
    }
}

/// Takes everything out of these queues, and tells when it came.
pub async fn arrivals(settings: &AmqpSettings, queues: &[String]) -> Result<Arrivals, BrokerError> {
    let connection = connection::open(settings, "usciere bench: sedi").await?;
    let channel = connection.create_channel().await?;
    let no_ack = BasicConsumeOptions {
        no_ack: true,
        ..BasicConsumeOptions::default()
    };
    let mut consumers = Vec::new();
    for queue in queues {
        consumers.push(consume(&channel, queue, no_ack).await?);
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let _open = channel;
        let mut deliveries = select_all(consumers);
        while let Some(Ok(delivery)) = deliveries.next().await {
            let id = delivery.properties.correlation_id().as_ref();
            let arrival = Arrival {
                request: id.and_then(|id| id.as_str().parse().ok()),
                at: Instant::now(),
            };
            if sender.send(arrival).is_err() {
                return;
            }
        }
    });
    Ok(Arrivals { receiver, connection })
}

async fn consume(
    channel: &Channel,
    queue: &str,
    options: BasicConsumeOptions,
) -> Result<Consumer, lapin::Error> {
    let tag = ShortString::default();
    channel
        .basic_consume(short(queue), tag, options, FieldTable::default())
        .await
}

/// How many messages a queue holds.
pub async fn waiting(settings: &AmqpSettings, queue: &str) -> Result<usize, BrokerError> {
    let connection = connection::open(settings, "usciere bench: counting").await?;
    let channel = connection.create_channel().await?;
    let passive = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let declared = channel
        .queue_declare(short(queue), passive, FieldTable::default())
        .await?;
    let count = declared.message_count();
    goodbye(&connection).await;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Empties queues.
pub async fn purge(settings: &AmqpSettings, queues: &[String]) -> Result<(), BrokerError> {
    let connection = connection::open(settings, "usciere bench: purging").await?;
    let channel = connection.create_channel().await?;
    for queue in queues {
        channel
            .queue_purge(short(queue), QueuePurgeOptions::default())
            .await?;
    }
    goodbye(&connection).await;
    Ok(())
}

//! The task behind a consumer: consumes, and when the broker ends it for any reason, starts again.

use futures::StreamExt;
use lapin::options::{BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Error};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Acker, Consumer, Delivery, reading};
use crate::amqp::error::{NOT_FOUND, soft_code};
use crate::amqp::metrics;
use crate::amqp::supervisor::{Backoff, Broker, Live};

pub(in crate::amqp) struct Task {
    queue: String,
    prefetch: u16,
    broker: Broker,
    stop: CancellationToken,
    deliveries: mpsc::Sender<Delivery>,
    acker: Acker,
}

/// Why consuming came to an end.
enum End {
    /// It was asked for, or nobody takes the deliveries any more.
    Wanted,
    Fault(Fault),
}

enum Fault {
    QueueMissing,
    Other(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        if soft_code(&error) == Some(NOT_FOUND) {
            Self::QueueMissing
        } else {
            Self::Other(error.to_string())
        }
    }
}

impl Task {
    pub(in crate::amqp) fn new(
        queue: &str,
        prefetch: u16,
        broker: Broker,
        stop: CancellationToken,
    ) -> (Self, Consumer) {
        // As many as can be unacknowledged at once: handing over never waits.
        let (sender, deliveries) = mpsc::channel(usize::from(prefetch.max(1)));
        let acker = Acker::new();
        let consumer = Consumer {
            deliveries,
            acker: acker.clone(),
        };
        broker.board().consumer_down(queue, "not consuming yet");
        (
            Self {
                queue: queue.to_owned(),
                prefetch,
                broker,
                stop,
                deliveries: sender,
                acker,
            },
            consumer,
        )
    }

    pub(in crate::amqp) async fn run(self) {
        let mut backoff = Backoff::default();
        loop {
            let live = tokio::select! {
                live = self.broker.consuming_link() => live,
                () = self.stop.cancelled() => break,
            };
            let since = Instant::now();
            let fault = match self.consume(&live).await {
                End::Wanted => break,
                End::Fault(fault) => fault,
            };
            self.acker.lose().await;
            self.report(&fault).await;
            metrics::consumer_rebuilt(&self.queue);
            tokio::select! {
                () = sleep(backoff.after(since.elapsed())) => {}
                () = self.stop.cancelled() => break,
            }
        }
        self.broker.board().consumer_ended(&self.queue);
        info!(amqp.queue = self.queue, "consuming ended");
    }

    /// Makes the fault seen, and mends what can be mended.
    async fn report(&self, fault: &Fault) {
        let why = match fault {
            Fault::QueueMissing => format!("there is no queue {}", self.queue),
            Fault::Other(why) => why.clone(),
        };
        self.broker.board().consumer_down(&self.queue, &why);
        warn!(amqp.queue = self.queue, reason = why, "consuming broke off");
        if let Fault::QueueMissing = fault
            && let Err(error) = self.broker.mend(&self.queue).await
        {
            warn!(amqp.queue = self.queue, reason = %error, "the missing queue could not be declared");
        }
    }

    async fn consume(&self, live: &Live) -> End {
        let (channel, mut consumer) = match self.open(live).await {
            Ok(opened) => opened,
            Err(fault) => return End::Fault(fault),
        };
        let generation = self.acker.renew(channel.clone()).await;
        self.broker.board().consumer_up(&self.queue);
        info!(amqp.queue = self.queue, "consuming");
        loop {
            let next = tokio::select! {
                next = consumer.next() => next,
                () = self.stop.cancelled() => return End::Wanted,
                () = self.deliveries.closed() => return End::Wanted,
            };
            match next {
                Some(Ok(delivery)) => {
                    if self
                        .deliveries
                        .send(reading::delivery(delivery, generation))
                        .await
                        .is_err()
                    {
                        return End::Wanted;
                    }
                }
                Some(Err(error)) => return End::Fault(error.into()),
                // A deleted queue ends the stream without an error (RELIABILITY.md F4).
                None => return End::Fault(Fault::Other("the broker ended the consumer".to_owned())),
            }
        }
    }

    async fn open(&self, live: &Live) -> Result<(Channel, lapin::Consumer), Fault> {
        let queue = ShortString::try_new(self.queue.as_str()).map_err(|_| Fault::QueueMissing)?;
        let channel = live.connection.create_channel().await?;
        let passive = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        channel
            .queue_declare(queue.clone(), passive, FieldTable::default())
            .await?;
        channel
            .basic_qos(self.prefetch, BasicQosOptions::default())
            .await?;
        let consumer = channel
            .basic_consume(
                queue,
                ShortString::default(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        Ok((channel, consumer))
    }
}

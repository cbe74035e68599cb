//! The task behind a consumer: consumes, and when the broker ends it for any reason, starts again.

use std::sync::Arc;

use futures::StreamExt;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Error};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Acker, Consumer, Delivery, reading};
use crate::amqp::connection::answered;
use crate::amqp::error::{NOT_FOUND, soft_code};
use crate::amqp::metrics;
use crate::amqp::supervisor::{Backoff, Broker, Live};
use crate::domain::pause::Pauses;

pub(in crate::amqp) struct Task {
    queue: String,
    prefetch: u16,
    when_missing: WhenMissing,
    broker: Broker,
    stop: CancellationToken,
    deliveries: mpsc::Sender<Delivery>,
    acker: Acker,
    pauses: watch::Receiver<Arc<Pauses>>,
}

/// What to do when the queue is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::amqp) enum WhenMissing {
    /// Declare it, and say so until it is back.
    Mend,
    /// Nobody needs it any more.
    End,
}

/// Why consuming came to an end.
enum End {
    /// Nobody takes the deliveries any more.
    Wanted,
    /// People hold the queue.
    Paused,
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
        when_missing: WhenMissing,
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
        broker.board().consumer_not_begun(queue);
        (
            Self {
                pauses: broker.held(),
                queue: queue.to_owned(),
                prefetch,
                when_missing,
                broker,
                stop,
                deliveries: sender,
                acker,
            },
            consumer,
        )
    }

    /// Until it is to stop, whatever the broker is being asked then: one that lives may take its time to answer, and
    /// what was delivered is in other hands.
    pub(in crate::amqp) async fn run(mut self) {
        let stop = self.stop.clone();
        stop.run_until_cancelled(self.keep()).await;
        self.broker.board().consumer_ended(&self.queue);
        info!(amqp.queue = self.queue, "consuming ended");
    }

    async fn keep(&mut self) {
        let mut backoff = Backoff::default();
        loop {
            let live = self.broker.consuming_link().await;
            let since = Instant::now();
            let fault = match self.consume(&live).await {
                End::Wanted | End::Paused => return,
                End::Fault(Fault::QueueMissing) if self.when_missing == WhenMissing::End => return,
                End::Fault(fault) => fault,
            };
            self.acker.lose().await;
            self.broker.budget().forget_what_is_on_its_way();
            self.report(&fault).await;
            metrics::consumer_rebuilt(&self.queue);
            sleep(backoff.after(since.elapsed())).await;
        }
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

    /// Takes deliveries over one channel, with breaks while people hold the queue. What was delivered before a break
    /// is acknowledged in it.
    async fn consume(&mut self, live: &Live) -> End {
        let channel = match self.open(live).await {
            Ok(channel) => channel,
            Err(fault) => return End::Fault(fault),
        };
        let generation = self.acker.renew(channel.clone()).await;
        loop {
            if self.is_held() {
                self.broker.board().consumer_paused(&self.queue);
                info!(amqp.queue = self.queue, "consuming paused");
                if !self.let_go().await {
                    return End::Wanted;
                }
            }
            match self.take(&channel, generation).await {
                Ok(End::Paused) => {}
                Ok(end) => return end,
                Err(fault) => return End::Fault(fault),
            }
        }
    }

    fn is_held(&mut self) -> bool {
        self.pauses.borrow_and_update().hold(&self.queue)
    }

    /// Waits until nobody holds the queue; `false` when nobody takes deliveries any more.
    async fn let_go(&mut self) -> bool {
        while self.is_held() {
            tokio::select! {
                changed = self.pauses.changed() => if changed.is_err() { return false },
                () = self.deliveries.closed() => return false,
            }
        }
        true
    }

    async fn take(&mut self, channel: &Channel, generation: u64) -> Result<End, Fault> {
        let mut consumer = self.subscribe(channel).await?;
        self.broker.board().consumer_up(&self.queue);
        info!(amqp.queue = self.queue, "consuming");
        let mut paused = false;
        loop {
            let next = tokio::select! {
                next = consumer.next() => next,
                Ok(()) = self.pauses.changed(), if !paused => {
                    if self.is_held() {
                        let tag = consumer.tag();
                        answered(channel.basic_cancel(tag, BasicCancelOptions::default())).await?;
                        // What was on its way still comes; then the stream ends.
                        paused = true;
                    }
                    continue;
                }
                () = self.deliveries.closed() => return Ok(End::Wanted),
            };
            match next {
                Some(delivery) => {
                    let delivery = reading::delivery(delivery?, generation, self.broker.budget());
                    if self.deliveries.send(delivery).await.is_err() {
                        return Ok(End::Wanted);
                    }
                }
                None if paused => return Ok(End::Paused),
                // A deleted queue ends the stream without an error (RELIABILITY.md F4).
                None => return Err(Fault::Other("the broker ended the consumer".to_owned())),
            }
        }
    }

    fn name(&self) -> Result<ShortString, Fault> {
        ShortString::try_new(self.queue.as_str()).map_err(|_| Fault::QueueMissing)
    }

    async fn open(&self, live: &Live) -> Result<Channel, Fault> {
        let channel = answered(live.connection.create_channel()).await?;
        let passive = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        answered(channel.queue_declare(self.name()?, passive, FieldTable::default())).await?;
        answered(channel.basic_qos(self.prefetch, BasicQosOptions::default())).await?;
        Ok(channel)
    }

    async fn subscribe(&self, channel: &Channel) -> Result<lapin::Consumer, Fault> {
        let consumer = answered(channel.basic_consume(
            self.name()?,
            ShortString::default(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        ))
        .await?;
        Ok(consumer)
    }
}

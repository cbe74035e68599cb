//! Consuming the intake: its queue or shards, what a larger number of shards left behind, and the quarantine, one at a
//! time; all of it once the registers are there to judge by.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::amqp::intake::{Care, Intake, take_in};
use crate::amqp::topology::quarantine_queue;
use crate::amqp::topology::shards::{intake_queues, prefetch_of_each};
use crate::amqp::{Broker, DecodeRules};
use crate::config::amqp::AmqpSettings;
use crate::domain::registers::Registers;
use crate::engine::Door;
use crate::store::Store;

/// How long after the broker did not say which queues it has it is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Consuming {
    pub(super) settings: AmqpSettings,
    pub(super) broker: Broker,
    pub(super) door: Door,
    pub(super) store: Store,
    pub(super) registers: watch::Receiver<Arc<Registers>>,
    pub(super) stop: CancellationToken,
}

impl Consuming {
    /// Everything that is consumed as long as the node runs.
    pub(super) fn queues(settings: &AmqpSettings) -> impl Iterator<Item = String> {
        let quarantine = quarantine_queue(&settings.prefix);
        intake_queues(settings).into_iter().chain([quarantine])
    }

    pub(super) fn start(self) -> Vec<JoinHandle<()>> {
        let each = prefetch_of_each(&self.settings);
        let intakes = intake_queues(&self.settings)
            .into_iter()
            .map(|queue| (queue, each, Care::Suspects));
        let quarantine = (quarantine_queue(&self.settings.prefix), 1, Care::Everything);
        let mut tasks: Vec<_> = intakes
            .chain([quarantine])
            .map(|(queue, prefetch, care)| tokio::spawn(self.clone().take(queue, prefetch, care)))
            .collect();
        tasks.push(tokio::spawn(self.take_the_rest()));
        tasks
    }

    async fn take(mut self, queue: String, prefetch: u16, care: Care) {
        if self.may_begin().await {
            let consumer = self.broker.consume(&queue, prefetch).await;
            take_in(consumer, self.intake(care)).await;
        }
    }

    /// Works off the shards that nothing leads to any more.
    async fn take_the_rest(mut self) {
        if !self.may_begin().await {
            return;
        }
        let Some(queues) = self.stop.run_until_cancelled(self.left_over()).await else {
            return;
        };
        let mut taking = JoinSet::new();
        for queue in queues {
            tracing::info!(
                amqp.queue = queue,
                "a shard of an earlier, larger number is worked off"
            );
            let consumer = self
                .broker
                .consume_the_rest(&queue, prefetch_of_each(&self.settings))
                .await;
            taking.spawn(take_in(consumer, self.intake(Care::Suspects)));
        }
        while let Some(taken) = taking.join_next().await {
            if taken.is_err() {
                tracing::error!("working off a shard panicked");
            }
        }
    }

    /// Waits for the registers; `false` when the node stops before.
    async fn may_begin(&mut self) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            loaded = self.registers.changed() => loaded.is_ok(),
        }
    }

    async fn left_over(&self) -> Vec<String> {
        loop {
            if let Ok(queues) = self.broker.shards_left_over().await {
                return queues.to_vec();
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    fn intake(&self, care: Care) -> Intake {
        Intake {
            door: self.door.clone(),
            store: self.store.clone(),
            rules: DecodeRules::from(&self.settings),
            care,
        }
    }
}

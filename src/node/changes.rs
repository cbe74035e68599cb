//! Follows what other nodes and the command line change: registers, the development clock, messages, mails, pauses.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::amqp::{Broker, Topology};
use crate::clock::Clock;
use crate::config::amqp::AmqpSettings;
use crate::domain::registers::Registers;
use crate::lifecycle::readiness::{Part, Readiness, Reason, Status};
use crate::store::{Change, Changes, Store, StoreError};

/// How long after a lost listener everything is looked at again.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Follower {
    pub(super) store: Store,
    pub(super) clock: Clock,
    /// Whether the clock may be moved at run time.
    pub(super) clock_moves: bool,
    pub(super) registers: watch::Sender<Arc<Registers>>,
    pub(super) readiness: Readiness,
    /// Wakes the relay of this node: buckets written into elsewhere; none stands for all.
    pub(super) told: mpsc::Sender<Vec<u16>>,
    pub(super) mails: Arc<Notify>,
    /// Wakes whoever keeps the pauses of this node.
    pub(super) pauses: Arc<Notify>,
    pub(super) topology: Option<TopologyKeeper>,
}

impl Follower {
    /// Looks at everything once, then follows; starts over when the listener is lost.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut away = false;
        while !stop.is_cancelled() {
            let ended = tokio::select! {
                () = stop.cancelled() => return,
                ended = self.follow() => ended,
            };
            if let Err(error) = ended {
                if !std::mem::replace(&mut away, true) {
                    tracing::warn!(error = %error, "changes of other nodes cannot be followed");
                }
            } else {
                away = false;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    async fn follow(&mut self) -> Result<(), StoreError> {
        let mut changes = self.store.listen().await?;
        // After listening, so that nothing falls between.
        self.load_registers().await?;
        self.move_clock().await?;
        let _ = self.told.try_send(Vec::new());
        self.mails.notify_one();
        self.pauses.notify_one();
        loop {
            self.next(&mut changes).await?;
        }
    }

    async fn next(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        match changes.next().await? {
            // A full channel means the relay is busy and will look anyway.
            Change::Outbox(buckets) => drop(self.told.try_send(buckets)),
            Change::Mails => self.mails.notify_one(),
            Change::Registers => self.load_registers().await?,
            Change::Clock => self.move_clock().await?,
            Change::Pauses => self.pauses.notify_one(),
        }
        Ok(())
    }

    async fn load_registers(&mut self) -> Result<(), StoreError> {
        let registers = Arc::new(self.store.load_registers().await?);
        let empty = registers.patronati().next().is_none();
        if let Some(keeper) = &mut self.topology {
            keeper.declare(&registers).await;
        }
        self.registers.send_replace(registers);
        let status = if empty {
            Status::degraded(Reason::Empty)
        } else {
            Status::Up
        };
        self.readiness.set(Part::Registers, status);
        Ok(())
    }

    async fn move_clock(&self) -> Result<(), StoreError> {
        if self.clock_moves
            && let Some(offset) = self.store.clock_offset().await?
        {
            self.clock.set_offset(offset);
        }
        Ok(())
    }
}

/// Declares the queues of sedi and portals as they appear in the registers.
pub(super) struct TopologyKeeper {
    pub(super) broker: Broker,
    pub(super) settings: AmqpSettings,
    pub(super) declared: Option<Topology>,
}

impl TopologyKeeper {
    async fn declare(&mut self, registers: &Registers) {
        let wanted = Topology::wanted(&self.settings, registers);
        if self.declared.as_ref() == Some(&wanted) {
            return;
        }
        self.broker.connected().await;
        match self.broker.declare(&wanted).await {
            Ok(findings) => {
                for finding in &findings {
                    tracing::error!(finding = %finding, "the broker differs from what was declared");
                }
                tracing::info!(queues = wanted.queues.len(), "topology declared");
                self.declared = Some(wanted);
            }
            Err(error) => tracing::warn!(error = %error, "the topology could not be declared"),
        }
    }
}

//! Timers: requests whose waiting reached a date of their workflow. Costs by what is due, not by what is there.

use std::sync::Arc;

use super::Engine;
use super::ledger::{Cause, Ledger, Stop};
use super::translate::Act;
use crate::domain::event::{Actor, Event};
use crate::domain::ids::RequestId;
use crate::domain::refusal::Refusal;
use crate::domain::request::{Details, Request};
use crate::store::StoreError;

/// Requests per transaction: small enough that live traffic does not wait for their locks.
const CHUNK: i64 = 1_000;

/// Chunks at once: while one is decided and encoded, the database writes the other.
const LANES: usize = 2;

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// Timers that fired.
    pub fired: u64,
    /// Timers that could not be decided; they are tried again by the next sweep.
    pub failed: u64,
}

impl Swept {
    const fn add(&mut self, other: Self) {
        self.fired += other.fired;
        self.failed += other.failed;
    }
}

impl Engine {
    /// Fires every timer that is due today, each once, in chunks; several nodes may do so at the same time.
    pub async fn sweep(&self) -> Result<Swept, StoreError> {
        self.learn().await?;
        let (due, first) = self.sweep_chunk().await?;
        if due < CHUNK || first.fired == 0 {
            return Ok(first);
        }
        let lanes = (0..LANES).map(|_| self.sweep_lane());
        let lanes = futures::future::try_join_all(lanes).await?;
        Ok(lanes.into_iter().fold(first, |mut all, lane| {
            all.add(lane);
            all
        }))
    }

    async fn sweep_lane(&self) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        loop {
            let (due, chunk) = self.sweep_chunk().await?;
            swept.add(chunk);
            // A chunk of failures alone would come back for ever.
            if due < CHUNK || chunk.fired == 0 {
                return Ok(swept);
            }
        }
    }

    async fn sweep_chunk(&self) -> Result<(i64, Swept), StoreError> {
        let now = self.clock.now();
        let registers = Arc::clone(&self.registers.borrow());
        let workflows = Arc::clone(&self.workflows.borrow());
        let mut transaction = self.begin().await?;
        let due = transaction
            .lock_due(crate::domain::calendar::rome_date(now), CHUNK)
            .await?;
        let count = i64::try_from(due.len()).unwrap_or(CHUNK);
        let mut ledger = Ledger::new(&workflows, &registers, &self.options, self.buckets(), now);
        let ids: Vec<RequestId> = due.iter().map(|request| request.case.id).collect();
        ledger.requests = due
            .into_iter()
            .map(|request| (request.case.id, request))
            .collect();
        let mut swept = Swept::default();
        for id in ids {
            match fire(&mut ledger, id) {
                Ok(()) => swept.fired += 1,
                Err(stop) => {
                    swept.failed += 1;
                    tracing::error!(request.id = %id, reason = ?stop, "a timer cannot fire");
                }
            }
        }
        if swept.fired == 0 {
            return Ok((count, swept));
        }
        let changed: Vec<&Request> = ledger
            .changed
            .iter()
            .filter_map(|id| ledger.requests.get(id))
            .collect();
        transaction.update_requests(&changed).await?;
        transaction.append_history(&ledger.history);
        transaction.queue_mails(&ledger.mails).await?;
        self.queue_and_commit(transaction, ledger.outbox, &ledger.history)
            .await?;
        Ok((count, swept))
    }
}

fn fire(ledger: &mut Ledger<'_>, id: RequestId) -> Result<(), Stop> {
    let request = ledger.requests.get(&id).ok_or_else(Refusal::request_unknown)?;
    let workflow = ledger
        .workflows
        .get(&request.case.workflow)
        .ok_or_else(|| Stop::Fault(format!("no workflow {}", request.case.workflow)))?;
    let days = workflow
        .due_timer(&request.case, ledger.now)
        .ok_or_else(|| Stop::Fault("no timer is due".to_owned()))?;
    let act = Act {
        actor: Actor::Engine,
        event: Event::Elapsed { days },
        details: Details::default(),
    };
    ledger.happen(id, act, &Cause::engine()).map(|_| ())
}

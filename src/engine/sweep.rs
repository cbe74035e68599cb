//! Timers: requests whose waiting reached a date of their workflow. Costs by what is due, not by what is there.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Engine;
use super::ledger::{Cause, Ledger, Stop};
use super::translate::Act;
use crate::domain::calendar::rome_date;
use crate::domain::event::{Actor, Event};
use crate::domain::ids::RequestId;
use crate::domain::refusal::Refusal;
use crate::domain::request::{Details, Request};
use crate::store::{IntakeTransaction, Store, StoreError};

/// Requests per transaction; two at once: while one is decided and encoded, the database writes the other.
const CHUNK: usize = 1_000;

/// Requests per transaction while commands come in: those wait for one of these at most.
const SMALL_CHUNK: usize = 50;

/// While commands come in, a sweep rests so many times as long as its chunk took.
const REST: u32 = 4;

/// After so many looks in a row without a command nothing makes way any more: batches of a busy node may be further
/// apart than small chunks, and a large one makes everything behind it wait. Looks and not time, since what holds up
/// the commands, a checkpoint say, holds up the looks as well.
const QUIET: u32 = 10;

/// A sweep that cannot decide so many leaves the rest to the next one.
const MOST_FAILED: usize = 10_000;

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// Timers that fired.
    pub fired: u64,
    /// Timers that could not be decided; they are tried again by the next sweep.
    pub failed: u64,
}

/// Whether commands come in meanwhile, to whichever node.
struct Traffic {
    commands: i64,
    /// Looks in a row that saw none.
    quiet: u32,
}

impl Traffic {
    async fn from_now(store: &Store) -> Result<Self, StoreError> {
        let commands = store.commands_so_far().await?;
        Ok(Self { commands, quiet: 0 })
    }

    async fn is_there(&mut self, store: &Store) -> Result<bool, StoreError> {
        let before = std::mem::replace(&mut self.commands, store.commands_so_far().await?);
        self.quiet = if before < self.commands { 0 } else { self.quiet + 1 };
        Ok(self.quiet < QUIET)
    }
}

/// A sweep under way.
struct Sweep<'a> {
    engine: &'a Engine,
    /// Those that could not be decided, so that no other chunk meets them again.
    failed: Mutex<HashSet<RequestId>>,
}

impl Engine {
    /// Fires every timer that is due today, each once, in chunks; several nodes may do so at the same time. Makes way
    /// for commands that come in meanwhile. What is done when it `stops` stands; the next sweep goes on from there.
    pub async fn sweep(&self, stops: impl Fn() -> bool) -> Result<Swept, StoreError> {
        self.learn().await?;
        let sweep = Sweep {
            engine: self,
            failed: Mutex::default(),
        };
        let fired = sweep.run(stops).await?;
        Ok(Swept {
            fired,
            failed: u64::try_from(sweep.failed().len()).unwrap_or(u64::MAX),
        })
    }
}

/// What a chunk fired.
struct Fired {
    number: u64,
    /// There may be more.
    is_full: bool,
}

impl Sweep<'_> {
    fn failed(&self) -> MutexGuard<'_, HashSet<RequestId>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chunk by chunk until nothing is due any more; how many timers fired.
    async fn run(&self, stops: impl Fn() -> bool) -> Result<u64, StoreError> {
        let mut traffic = Traffic::from_now(&self.engine.store).await?;
        let mut chunk = self.chunk(SMALL_CHUNK).await?;
        let mut fired = chunk.number;
        while chunk.is_full && !stops() && self.failed().len() < MOST_FAILED {
            let began = Instant::now();
            let makes_way = traffic.is_there(&self.engine.store).await?;
            chunk = if makes_way {
                self.chunk(SMALL_CHUNK).await?
            } else {
                self.two_chunks().await?
            };
            fired += chunk.number;
            if makes_way {
                tokio::time::sleep(began.elapsed() * REST).await;
            }
        }
        Ok(fired)
    }

    async fn two_chunks(&self) -> Result<Fired, StoreError> {
        let (one, other) = futures::future::try_join(self.chunk(CHUNK), self.chunk(CHUNK)).await?;
        Ok(Fired {
            number: one.number + other.number,
            is_full: one.is_full && other.is_full,
        })
    }

    async fn chunk(&self, size: usize) -> Result<Fired, StoreError> {
        let engine = self.engine;
        let now = engine.clock.now();
        let registers = Arc::clone(&engine.registers.borrow());
        let workflows = Arc::clone(&engine.workflows.borrow());
        let mut transaction = engine.begin().await?;
        let but_for: Vec<RequestId> = self.failed().iter().copied().collect();
        let due = transaction.lock_due(rome_date(now), size, &but_for).await?;
        let is_full = due.len() == size;
        let mut ledger = Ledger::new(&workflows, &registers, &engine.options, engine.buckets(), now);
        let ids: Vec<RequestId> = due.iter().map(|request| request.case.id).collect();
        ledger.requests = due
            .into_iter()
            .map(|request| (request.case.id, request))
            .collect();
        let mut number = 0;
        for id in ids {
            match fire(&mut ledger, id) {
                Ok(()) => number += 1,
                Err(stop) => {
                    self.failed().insert(id);
                    tracing::error!(request.id = %id, reason = ?stop, "a timer cannot fire");
                }
            }
        }
        if number > 0 {
            write(engine, transaction, ledger).await?;
        }
        Ok(Fired { number, is_full })
    }
}

async fn write(
    engine: &Engine,
    mut transaction: IntakeTransaction,
    ledger: Ledger<'_>,
) -> Result<(), StoreError> {
    let changed: Vec<&Request> = ledger
        .changed
        .iter()
        .filter_map(|id| ledger.requests.get(id))
        .collect();
    transaction.update_requests(&changed).await?;
    transaction.append_history(&ledger.history);
    transaction.queue_mails(&ledger.mails).await?;
    engine
        .queue_and_commit(transaction, ledger.outbox, &ledger.history)
        .await
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

//! One batch, one transaction; and what to do when a batch fails.
//!
//! A passing fault (database away, two transactions met) gives the batch back to be tried again. A fault of the
//! data splits the batch until the culprit stands alone and is kept as a dead letter: its neighbours commit.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Engine;
use super::batch::Batch;
use super::digest::digests;
use super::item::{Handled, Item, target};
use super::learning::lacks;
use super::ledger::{Ledger, Stop};
use super::lookup::Found;
use super::parking::{Parking, Turn};
use super::translate::{may_change_hands, wanted_hour};
use crate::domain::command::Content;
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::ids::{MessageId, RequestId, SedeCode, Source};
use crate::domain::request::{HistoryEntry, Request};
use crate::failpoint::{FailPoint, reached};
use crate::store::{
    Change, IntakeTransaction, NewDeadLetter, NewOutboxRow, OutboxRow, SeenMessage, StoreError,
};

/// How often a batch that met another transaction is tried at once before it counts as the data's fault.
const MEETINGS: u32 = 10;

/// Why a batch could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A rule failed or panicked over a command: the command's fault or ours, never its neighbours'.
    #[error("a command cannot be decided: {0}")]
    Fault(String),
}

impl HandleError {
    /// Whether the same batch may succeed later; otherwise one of its commands will always break it.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) => error.is_passing(),
            Self::Fault(_) => false,
        }
    }
}

/// What came of trying a batch.
enum Attempt {
    Handled(Vec<Handled>),
    /// A request is pinned to a definition that is not known here; nothing happened.
    Lacking,
}

impl Engine {
    /// Handles a batch: one outcome per item, in order, all committed. On a passing fault the batch
    /// is to be tried again.
    pub async fn handle(&self, items: &[Item]) -> Result<Vec<Handled>, HandleError> {
        self.handle_in_turn(items, Turn::First).await
    }

    pub(super) async fn handle_in_turn(
        &self,
        items: &[Item],
        turn: Turn,
    ) -> Result<Vec<Handled>, HandleError> {
        let mut done = Vec::with_capacity(items.len());
        // Slices still to handle, the first last: splitting keeps the order of what follows.
        let mut open = Vec::from([std::ops::Range {
            start: 0,
            end: items.len(),
        }]);
        while let Some(range) = open.pop() {
            match self.handle_slice(&items[range.clone()], turn).await {
                Ok(handled) => done.extend(handled),
                Err(error) if !error.is_passing() => {
                    if range.len() > 1 {
                        let middle = range.start + range.len() / 2;
                        open.push(middle..range.end);
                        open.push(range.start..middle);
                    } else {
                        done.push(self.bury_culprit(&items[range.start], &error).await?);
                    }
                }
                // What was already committed is recognised by the inbox when the whole batch is tried again.
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    async fn handle_slice(&self, items: &[Item], turn: Turn) -> Result<Vec<Handled>, HandleError> {
        let mut meetings = 0;
        let mut learned = false;
        loop {
            let found = self.look_up(items).await?;
            match self.attempt(items, &found, turn, learned).await {
                Ok(Attempt::Handled(handled)) => return Ok(handled),
                Ok(Attempt::Lacking) => {
                    self.learn().await?;
                    learned = true;
                }
                Err(HandleError::Store(StoreError::Conflict(error))) if meetings < MEETINGS => {
                    meetings += 1;
                    tracing::debug!(error = %error, meetings, "two transactions met");
                }
                Err(HandleError::Store(error @ StoreError::Conflict(_))) => {
                    return Err(error.persisting().into());
                }
                Err(other) => return Err(other),
            }
        }
    }

    async fn attempt(
        &self,
        items: &[Item],
        found: &[Found],
        turn: Turn,
        learned: bool,
    ) -> Result<Attempt, HandleError> {
        let registers = Arc::clone(&self.registers.borrow());
        let workflows = Arc::clone(&self.workflows.borrow());
        let began = std::time::Instant::now();
        let mut transaction = self.begin().await?;
        let keys: Vec<_> = items.iter().filter_map(key).collect();
        let seen = transaction.seen(&keys).await?;
        let targets = targets(items, &seen);
        let waiting = transaction.waiting(&keys, &targets).await?;
        let ledger = Ledger::new(
            &workflows,
            &registers,
            &self.options,
            self.buckets(),
            self.clock.now(),
        );
        let mut batch = Batch::new(ledger, &registers, seen, Parking::new(turn, waiting));
        batch.ledger.requests = transaction.lock(&targets).await?;
        if !learned && lacks(&workflows, batch.ledger.requests.values()) {
            return Ok(Attempt::Lacking);
        }
        let limits = &self.options.limits;
        guarded(|| {
            batch.judge_openings(items, found, limits);
            Ok(())
        })?;
        batch.remember_files(found);
        let (wanted, holders) = hours(items, &batch.ledger.requests);
        batch.ledger.agenda = transaction
            .lock_agenda(wanted, &holders, batch.ledger.now)
            .await?;
        let numbers = transaction.draw_protocol_numbers(&batch.numbers_needed()).await?;
        batch.give_numbers(numbers);
        for entry in transaction.histories(&changing_hands(items)).await? {
            batch.ledger.threads.entry(entry.request).or_default().push(entry);
        }
        let handled = guarded(|| {
            let each = items.iter().zip(found).enumerate();
            each.map(|(index, (item, found))| batch.handle(index, item, found, limits))
                .collect()
        })?;
        self.write(transaction, batch).await?;
        super::counting::batch(items.len(), began.elapsed());
        Ok(Attempt::Handled(handled))
    }

    async fn write(&self, mut transaction: IntakeTransaction, batch: Batch<'_>) -> Result<(), StoreError> {
        let Batch {
            ledger,
            parking,
            inbox,
            letters,
            files,
            audit,
            ..
        } = batch;
        let opened: Vec<&Request> = ledger
            .opened
            .iter()
            .filter_map(|id| ledger.requests.get(id))
            .collect();
        let changed: Vec<&Request> = ledger
            .changed
            .iter()
            .filter_map(|id| ledger.requests.get(id))
            .collect();
        transaction.insert_requests(&opened);
        transaction.update_requests(&changed).await?;
        transaction.append_history(&ledger.history);
        transaction.save_agenda(&ledger.agenda.changes()).await?;
        transaction.file(&files.uses(&ledger.history)).await?;
        transaction
            .digest(&digests(&ledger.history, &ledger.requests, ledger.registers))
            .await?;
        transaction.note_replies(&ledger.replies).await?;
        transaction.remember(&inbox);
        parking.write(&mut transaction).await?;
        transaction.bury(&letters).await?;
        transaction.audit(&audit);
        transaction.queue_mails(&ledger.mails).await?;
        self.queue_and_commit(transaction, ledger.outbox, &ledger.history)
            .await
    }

    /// Queues messages, commits, and hands over to the relay of this node what is in its hands.
    pub(super) async fn queue_and_commit(
        &self,
        mut transaction: IntakeTransaction,
        rows: Vec<NewOutboxRow>,
        history: &[HistoryEntry],
    ) -> Result<(), StoreError> {
        transaction.queue_messages(&rows);
        let ids = transaction.leave().await?;
        let elsewhere: HashSet<u16> = rows
            .iter()
            .map(|row| row.bucket)
            .filter(|bucket| {
                !self
                    .handoff
                    .as_ref()
                    .is_some_and(|handoff| handoff.holds(*bucket))
            })
            .collect();
        if !elsewhere.is_empty() {
            transaction
                .announce(&Change::Outbox(elsewhere.into_iter().collect()))
                .await?;
        }
        // Reserved under the row locks: slots are in the order of the commits of each request.
        let slot = self.handoff.as_ref().map(crate::relay::HandOff::reserve);
        reached(FailPoint::InTransaction);
        transaction.commit().await?;
        if let Some(slot) = slot {
            let now = self.clock.now();
            let rows = ids.into_iter().zip(rows);
            let rows = rows.map(|(id, row)| OutboxRow::committed(id, row, now));
            let events: Vec<_> = history.iter().map(|entry| (entry.request, entry.seq)).collect();
            slot.fill(rows.collect(), &events);
        }
        Ok(())
    }

    /// Keeps the one command no transaction can hold.
    async fn bury_culprit(&self, item: &Item, error: &HandleError) -> Result<Handled, StoreError> {
        tracing::error!(error = %error, item = ?item, "a command breaks its transaction and is kept as a dead letter");
        let (reason, detail) = (DeadLetterReason::EngineFault, error.to_string());
        let letter = match item {
            Item::Command {
                original: Some(original),
                ..
            } => original.bury(reason, detail.clone()),
            Item::DeadLetter(letter) => NewDeadLetter {
                detail: detail.clone(),
                ..(**letter).clone()
            },
            Item::Command { original: None, .. } => return Ok(Handled::DeadLettered { reason, detail }),
        };
        let mut transaction = self.store.begin_intake().await?;
        transaction.bury(std::slice::from_ref(&letter)).await?;
        let keys: Vec<_> = key(item).into_iter().collect();
        let parked: Vec<_> = transaction.waiting(&keys, &[]).await?;
        let ids: Vec<_> = parked.iter().map(|waiting| waiting.id).collect();
        transaction.unpark(&ids).await?;
        transaction.commit().await?;
        Ok(Handled::DeadLettered { reason, detail })
    }
}

/// Runs rules; a panic in them is a fault of this batch, not the end of its worker.
fn guarded<T>(rules: impl FnOnce() -> Result<T, Stop>) -> Result<T, HandleError> {
    match catch_unwind(AssertUnwindSafe(rules)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Stop::Fault(detail))) => Err(HandleError::Fault(detail)),
        Ok(Err(Stop::Refused(refusal))) => Err(HandleError::Fault(refusal.message)),
        Err(_) => Err(HandleError::Fault("a rule panicked".to_owned())),
    }
}

fn key(item: &Item) -> Option<(&Source, &MessageId)> {
    match item {
        Item::Command { envelope, .. } => Some((&envelope.source, &envelope.message_id)),
        Item::DeadLetter(_) => None,
    }
}

/// Every request the batch is about, in order; commands that came before change nothing and lock nothing.
fn targets(items: &[Item], seen: &HashMap<(Source, MessageId), SeenMessage>) -> Vec<RequestId> {
    let mut ids: Vec<RequestId> = items
        .iter()
        .filter_map(|item| match item {
            Item::Command { envelope, .. } => {
                let key = (envelope.source.clone(), envelope.message_id.clone());
                if seen.contains_key(&key) {
                    None
                } else {
                    target(envelope)
                }
            }
            Item::DeadLetter(_) => None,
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The hours appointments of this batch are to be at, and the requests that may hold one already.
fn hours(
    items: &[Item],
    requests: &HashMap<RequestId, Request>,
) -> (Vec<(SedeCode, DateTime<Utc>)>, Vec<RequestId>) {
    let (mut wanted, mut holders) = (Vec::new(), Vec::new());
    for item in items {
        let Item::Command { envelope, .. } = item else {
            continue;
        };
        let Content::Command(command) = &envelope.content else {
            continue;
        };
        let Some((request, hour)) = wanted_hour(command) else {
            continue;
        };
        let sede = requests.get(&request).map(|request| request.case.sede.clone());
        wanted.extend(sede.zip(hour));
        holders.push(request);
    }
    (wanted, holders)
}

fn changing_hands(items: &[Item]) -> Vec<RequestId> {
    items
        .iter()
        .filter_map(|item| match item {
            Item::Command { envelope, .. } => match &envelope.content {
                Content::Command(command) => may_change_hands(command),
                Content::Invalid { .. } => None,
            },
            Item::DeadLetter(_) => None,
        })
        .collect()
}

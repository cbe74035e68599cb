//! One batch, one transaction; and what to do when a batch fails.
//!
//! A passing fault (database away, two transactions met) gives the batch back to be tried again. A fault of the
//! data splits the batch until the culprit stands alone and is kept as a dead letter: its neighbours commit.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::Engine;
use super::item::{Handled, Item, target};
use super::ledger::{Cause, Ledger, Stop, opening_details};
use super::lookup::{Found, LookupError};
use super::render::{answer_row, refusal_answer};
use super::submission::{Accepted, judge};
use super::translate::{Context, may_change_hands, unknown_request};
use crate::domain::calendar::rome_date;
use crate::domain::command::{Command, Content, Envelope, Submit};
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::ids::{MessageId, RequestId, Source};
use crate::domain::protocol::{ProtocolNumber, ProtocolOffice};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registers::Registers;
use crate::domain::request::Request;
use crate::store::{
    Answer, Change, InboxRow, IntakeTransaction, NewDeadLetter, NewOutboxRow, OutboxRow, Outcome,
    SeenMessage, StoreError,
};

/// How often a batch that met another transaction is tried at once before it counts as the data's fault.
const MEETINGS: u32 = 10;

/// Why a batch could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    LookUp(#[from] LookupError),
    /// A rule failed or panicked over a command: the command's fault or ours, never its neighbours'.
    #[error("a command cannot be decided: {0}")]
    Fault(String),
}

impl HandleError {
    /// Whether the same batch may succeed later; otherwise one of its commands will always break it.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) => error.is_passing(),
            Self::LookUp(_) => true,
            Self::Fault(_) => false,
        }
    }
}

impl Engine {
    /// Handles a batch: one outcome per item, in order, all committed. On a passing fault the batch
    /// is to be tried again.
    pub async fn handle(&self, items: &[Item]) -> Result<Vec<Handled>, HandleError> {
        let mut done = Vec::with_capacity(items.len());
        // Slices still to handle, the first last: splitting keeps the order of what follows.
        let mut open = Vec::from([std::ops::Range {
            start: 0,
            end: items.len(),
        }]);
        while let Some(range) = open.pop() {
            match self.handle_slice(&items[range.clone()]).await {
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

    async fn handle_slice(&self, items: &[Item]) -> Result<Vec<Handled>, HandleError> {
        let mut meetings = 0;
        loop {
            let found = self.look_up(items).await?;
            match self.attempt(items, &found).await {
                Err(HandleError::Store(StoreError::Conflict(error))) if meetings < MEETINGS => {
                    meetings += 1;
                    tracing::debug!(error = %error, meetings, "two transactions met");
                }
                Err(HandleError::Store(StoreError::Conflict(source))) => {
                    let state = "conflict".to_owned();
                    return Err(StoreError::Data { state, source }.into());
                }
                other => return other,
            }
        }
    }

    async fn attempt(&self, items: &[Item], found: &[Found]) -> Result<Vec<Handled>, HandleError> {
        let registers = Arc::clone(&self.registers.borrow());
        let workflows = Arc::clone(&self.workflows.borrow());
        let began = std::time::Instant::now();
        let mut transaction = self.store.begin_intake().await?;
        let keys: Vec<_> = items.iter().filter_map(key).collect();
        let seen = transaction.seen(&keys).await?;
        let mut batch = Batch {
            ledger: Ledger::new(
                &workflows,
                &registers,
                &self.options,
                self.buckets(),
                self.clock.now(),
            ),
            registers: &registers,
            seen,
            earlier: HashMap::new(),
            inbox: Vec::new(),
            letters: Vec::new(),
            opening: HashMap::new(),
        };
        batch.ledger.requests = transaction.lock(&targets(items, &batch.seen)).await?;
        let limits = &self.options.limits;
        guarded(|| {
            batch.judge_openings(items, found, limits);
            Ok(())
        })?;
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
        Ok(handled)
    }

    async fn write(&self, mut transaction: IntakeTransaction, batch: Batch<'_>) -> Result<(), StoreError> {
        let Batch {
            ledger,
            inbox,
            letters,
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
        transaction.insert_requests(&opened).await?;
        transaction.update_requests(&changed).await?;
        transaction.append_history(&ledger.history).await?;
        transaction.remember(&inbox).await?;
        transaction.bury(&letters).await?;
        transaction.queue_mails(&ledger.mails).await?;
        self.queue_and_commit(transaction, ledger.outbox).await
    }

    /// Queues messages, commits, and hands over to the relay of this node what is in its hands.
    pub(super) async fn queue_and_commit(
        &self,
        mut transaction: IntakeTransaction,
        rows: Vec<NewOutboxRow>,
    ) -> Result<(), StoreError> {
        let ids = transaction.queue_messages(&rows).await?;
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
        transaction.commit().await?;
        if let Some(slot) = slot {
            let now = self.clock.now();
            slot.fill(
                ids.into_iter()
                    .zip(rows)
                    .map(|(id, row)| OutboxRow::committed(id, row, now))
                    .collect(),
            );
        }
        Ok(())
    }

    /// Keeps the one command no transaction can hold.
    async fn bury_culprit(&self, item: &Item, error: &HandleError) -> Result<Handled, StoreError> {
        tracing::error!(error = %error, item = ?item, "a command breaks its transaction and is kept as a dead letter");
        let reason = DeadLetterReason::EngineFault;
        let letter = match item {
            Item::Command {
                original: Some(original),
                ..
            } => original.bury(reason, error.to_string()),
            Item::DeadLetter(letter) => NewDeadLetter {
                detail: error.to_string(),
                ..(**letter).clone()
            },
            Item::Command { original: None, .. } => return Ok(Handled::DeadLettered(reason)),
        };
        let mut transaction = self.store.begin_intake().await?;
        transaction.bury(std::slice::from_ref(&letter)).await?;
        transaction.commit().await?;
        Ok(Handled::DeadLettered(reason))
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

/// A submission on its way to become a request.
enum OpeningState {
    Judged(Box<Accepted>, ProtocolOffice),
    Numbered(Box<Accepted>, ProtocolNumber),
    Refused(Refusal),
}

/// A batch inside its transaction.
struct Batch<'a> {
    ledger: Ledger<'a>,
    registers: &'a Registers,
    seen: HashMap<(Source, MessageId), SeenMessage>,
    /// Commands of this very batch that were handled already.
    earlier: HashMap<(Source, MessageId), SeenMessage>,
    inbox: Vec<InboxRow>,
    letters: Vec<NewDeadLetter>,
    /// Submissions by their position in the batch.
    opening: HashMap<usize, OpeningState>,
}

impl Batch<'_> {
    /// Judges every submission before numbers are drawn, so that exactly as many are drawn as are used.
    fn judge_openings(&mut self, items: &[Item], found: &[Found], limits: &super::Limits) {
        let mut ids = HashSet::new();
        let mut keys = HashSet::new();
        for (index, (item, found)) in items.iter().zip(found).enumerate() {
            let Item::Command { envelope, .. } = item else {
                continue;
            };
            let Content::Command(Command::Submit(submit)) = &envelope.content else {
                continue;
            };
            let key = (envelope.source.clone(), envelope.message_id.clone());
            if self.seen.contains_key(&key) || !keys.insert(key) || !self.is_registered(&envelope.source) {
                continue;
            }
            let taken =
                target(envelope).is_none_or(|id| self.ledger.requests.contains_key(&id) || !ids.insert(id));
            let judged = if taken {
                Err(Refusal::new(
                    RefusalCode::StateConflict,
                    "Esiste già una richiesta con questo identificativo.",
                )
                .at("/request_id"))
            } else {
                judge(submit, found, self.registers, limits)
            };
            let state = match judged {
                Ok(accepted) => {
                    let office = self
                        .registers
                        .protocol_office(&accepted.routing.destination.code())
                        .clone();
                    OpeningState::Judged(Box::new(accepted), office)
                }
                Err(refusal) => {
                    ids.remove(
                        &target(envelope)
                            .unwrap_or_else(|| RequestId::derive(&envelope.source, &envelope.message_id)),
                    );
                    OpeningState::Refused(refusal)
                }
            };
            self.opening.insert(index, state);
        }
    }

    fn is_registered(&self, source: &Source) -> bool {
        match source {
            Source::Portal(code) => self.registers.patronato(code).is_some(),
            Source::Sede(code) => self.registers.sede(code).is_some(),
            Source::Engine => true,
        }
    }

    fn numbers_needed(&self) -> BTreeMap<(ProtocolOffice, i32), i32> {
        let year = self.year();
        let mut counts = BTreeMap::new();
        for state in self.opening.values() {
            if let OpeningState::Judged(_, office) = state {
                *counts.entry((office.clone(), year)).or_insert(0) += 1;
            }
        }
        counts
    }

    fn year(&self) -> i32 {
        use chrono::Datelike as _;
        rome_date(self.ledger.now).year()
    }

    fn give_numbers(&mut self, mut next: BTreeMap<(ProtocolOffice, i32), i32>) {
        let (year, today) = (self.year(), rome_date(self.ledger.now));
        let mut judged: Vec<usize> = self.opening.keys().copied().collect();
        judged.sort_unstable();
        for index in judged {
            let state = match self.opening.remove(&index) {
                Some(OpeningState::Judged(accepted, office)) => {
                    let drawn = next.get_mut(&(office.clone(), year)).map(|number| {
                        *number += 1;
                        *number - 1
                    });
                    match drawn.and_then(|number| u32::try_from(number).ok()) {
                        Some(sequence) => {
                            let number = ProtocolNumber::new(office, today, sequence);
                            OpeningState::Numbered(accepted, number)
                        }
                        None => OpeningState::Judged(accepted, office),
                    }
                }
                Some(other) => other,
                None => continue,
            };
            self.opening.insert(index, state);
        }
    }

    /// Handles one item. A fault breaks the whole attempt, since the ledger may be half changed.
    fn handle(
        &mut self,
        index: usize,
        item: &Item,
        found: &Found,
        limits: &super::Limits,
    ) -> Result<Handled, Stop> {
        let (envelope, original) = match item {
            Item::DeadLetter(letter) => {
                self.letters.push((**letter).clone());
                return Ok(Handled::DeadLettered(letter.reason));
            }
            Item::Command { envelope, original } => (envelope, original.as_deref()),
        };
        let key = (envelope.source.clone(), envelope.message_id.clone());
        if let Some(seen) = self.seen.get(&key).or_else(|| self.earlier.get(&key)) {
            let seen = seen.clone();
            return self.repeated(envelope, original, &seen);
        }
        if !self.is_registered(&envelope.source) {
            let detail = format!("{} is not in the registers", envelope.source);
            return Ok(self.buried(original, DeadLetterReason::PublisherNotAuthorised, detail));
        }
        match self.decide(index, envelope, found, limits) {
            Ok(answer) => Ok(self.done(envelope, answer)),
            Err(Stop::Refused(refusal)) => self.refused(envelope, refusal),
            Err(fault @ Stop::Fault(_)) => Err(fault),
        }
    }

    fn decide(
        &mut self,
        index: usize,
        envelope: &Envelope,
        found: &Found,
        limits: &super::Limits,
    ) -> Result<Option<Answer>, Stop> {
        let command = match &envelope.content {
            Content::Command(command) => command,
            Content::Invalid { refusal, .. } => return Err(refusal.clone().into()),
        };
        let cause = Cause::of(envelope);
        let id = target(envelope).ok_or_else(unknown_request)?;
        if let Command::Submit(submit) = command {
            return self.open(index, id, submit, found, &cause);
        }
        let request = self.ledger.requests.get(&id).ok_or_else(unknown_request)?;
        let context = Context {
            source: &envelope.source,
            found,
            registers: self.registers,
            limits,
        };
        let act = context
            .act(command, request)
            .ok_or_else(|| Stop::Fault("a submission acts on nothing".to_owned()))??;
        self.ledger.happen(id, act, &cause)
    }

    fn open(
        &mut self,
        index: usize,
        id: RequestId,
        submit: &Submit,
        found: &Found,
        cause: &Cause,
    ) -> Result<Option<Answer>, Stop> {
        match self.opening.remove(&index) {
            Some(OpeningState::Numbered(accepted, number)) => {
                let files = found.attachments.clone()?;
                let details = opening_details(submit, &accepted, files, self.ledger.now);
                self.ledger.open(id, submit, *accepted, number, cause, details)
            }
            Some(OpeningState::Refused(refusal)) => Err(refusal.into()),
            Some(OpeningState::Judged(..)) | None => {
                Err(Stop::Fault("a submission got no protocol number".to_owned()))
            }
        }
    }

    fn done(&mut self, envelope: &Envelope, answer: Option<Answer>) -> Handled {
        let request = target(envelope);
        self.remember(envelope, request, Outcome::Done, answer.clone());
        Handled::Done { request, answer }
    }

    fn refused(&mut self, envelope: &Envelope, refusal: Box<Refusal>) -> Result<Handled, Stop> {
        let request = target(envelope).and_then(|id| self.ledger.requests.get(&id));
        // Another office's request gives nothing away, not even its number.
        let known = request.filter(|_| refusal.code != RefusalCode::RequestUnknown);
        let answer = refusal_answer(envelope, known, &refusal)?;
        let request = known.map(|request| request.case.id);
        self.ledger.outbox.extend(answer_row(
            envelope,
            &answer,
            self.registers,
            self.ledger.buckets,
        )?);
        self.remember(envelope, request, Outcome::Refused, Some(answer));
        Ok(Handled::Refused(refusal))
    }

    /// The same outcome again; the same id with another body is somebody's mistake and is kept.
    fn repeated(
        &mut self,
        envelope: &Envelope,
        original: Option<&dyn super::Original>,
        seen: &SeenMessage,
    ) -> Result<Handled, Stop> {
        if seen.body_hash != envelope.body_hash {
            let detail = "another body came under this message id before".to_owned();
            return Ok(self.buried(original, DeadLetterReason::MessageIdReused, detail));
        }
        if let Some(answer) = &seen.answer {
            self.ledger
                .outbox
                .extend(answer_row(envelope, answer, self.registers, self.ledger.buckets)?);
        }
        Ok(Handled::Repeated {
            request: seen.request,
            outcome: seen.outcome,
            answer: seen.answer.clone(),
        })
    }

    fn buried(
        &mut self,
        original: Option<&dyn super::Original>,
        reason: DeadLetterReason,
        detail: String,
    ) -> Handled {
        self.letters
            .extend(original.map(|original| original.bury(reason, detail)));
        Handled::DeadLettered(reason)
    }

    fn remember(
        &mut self,
        envelope: &Envelope,
        request: Option<RequestId>,
        outcome: Outcome,
        answer: Option<Answer>,
    ) {
        let key = (envelope.source.clone(), envelope.message_id.clone());
        let body_hash = envelope.body_hash;
        let seen = SeenMessage {
            body_hash,
            request,
            outcome,
            answer: answer.clone(),
        };
        self.earlier.insert(key, seen);
        self.inbox.push(InboxRow {
            source: envelope.source.clone(),
            message_id: envelope.message_id.clone(),
            body_hash,
            request,
            outcome,
            answer,
        });
    }
}

//! A batch inside its transaction: every command judged and decided in memory, against what was locked and found.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Limits;
use super::item::{Handled, Item, Original, target};
use super::ledger::{Cause, Ledger, Stop, opening_details};
use super::lookup::Found;
use super::render::{answer_row, refusal_answer};
use super::submission::{Accepted, judge};
use super::translate::{Context, unknown_request};
use crate::domain::audit::AuditEntry;
use crate::domain::calendar::rome_date;
use crate::domain::command::{Command, Content, Envelope, Submit};
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::ids::{MessageId, RequestId, Source};
use crate::domain::protocol::{ProtocolNumber, ProtocolOffice};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registers::Registers;
use crate::store::{Answer, InboxRow, NewDeadLetter, Outcome, SeenMessage};

/// A submission on its way to become a request.
enum OpeningState {
    Judged(Box<Accepted>, ProtocolOffice),
    Numbered(Box<Accepted>, ProtocolNumber),
    Refused(Refusal),
}

/// A batch inside its transaction.
pub(super) struct Batch<'a> {
    pub(super) ledger: Ledger<'a>,
    pub(super) registers: &'a Registers,
    pub(super) seen: HashMap<(Source, MessageId), SeenMessage>,
    /// Commands of this very batch that were handled already.
    pub(super) earlier: HashMap<(Source, MessageId), SeenMessage>,
    pub(super) inbox: Vec<InboxRow>,
    pub(super) letters: Vec<NewDeadLetter>,
    pub(super) audit: Vec<AuditEntry>,
    /// Submissions by their position in the batch.
    opening: HashMap<usize, OpeningState>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(
        ledger: Ledger<'a>,
        registers: &'a Registers,
        seen: HashMap<(Source, MessageId), SeenMessage>,
    ) -> Self {
        Self {
            ledger,
            registers,
            seen,
            earlier: HashMap::new(),
            inbox: Vec::new(),
            letters: Vec::new(),
            audit: Vec::new(),
            opening: HashMap::new(),
        }
    }

    /// Judges every submission before numbers are drawn, so that exactly as many are drawn as are used.
    pub(super) fn judge_openings(&mut self, items: &[Item], found: &[Found], limits: &Limits) {
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

    pub(super) fn numbers_needed(&self) -> BTreeMap<(ProtocolOffice, i32), i32> {
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

    pub(super) fn give_numbers(&mut self, mut next: BTreeMap<(ProtocolOffice, i32), i32>) {
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
    pub(super) fn handle(
        &mut self,
        index: usize,
        item: &Item,
        found: &Found,
        limits: &Limits,
    ) -> Result<Handled, Stop> {
        let (envelope, original) = match item {
            Item::DeadLetter(letter) => {
                if letter.reason == DeadLetterReason::PublisherNotAuthorised {
                    let message = letter.message_id.as_deref().map(MessageId::parse);
                    self.audit
                        .push(AuditEntry::of_impostor(message.and_then(Result::ok)));
                }
                self.letters.push((**letter).clone());
                return Ok(Handled::DeadLettered {
                    reason: letter.reason,
                    detail: letter.detail.clone(),
                });
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
            let message = envelope.message_id.clone();
            self.audit.push(AuditEntry::of_impostor(Some(message)));
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
        limits: &Limits,
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
        self.audit(envelope, request, None);
        self.remember(envelope, request, Outcome::Done, answer.clone());
        Handled::Done { request, answer }
    }

    fn refused(&mut self, envelope: &Envelope, refusal: Box<Refusal>) -> Result<Handled, Stop> {
        let request = target(envelope).and_then(|id| self.ledger.requests.get(&id));
        // Another office's request gives nothing away, not even its number.
        let known = request.filter(|_| refusal.code != RefusalCode::RequestUnknown);
        let answer = refusal_answer(envelope, known, &refusal)?;
        let request = known.map(|request| request.case.id);
        self.audit(envelope, target(envelope), Some(refusal.code));
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
        original: Option<&dyn Original>,
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
        original: Option<&dyn Original>,
        reason: DeadLetterReason,
        detail: String,
    ) -> Handled {
        self.letters
            .extend(original.map(|original| original.bury(reason, detail.clone())));
        Handled::DeadLettered { reason, detail }
    }

    /// Who did it, or tried to, to which request and whose; never what was said.
    fn audit(&mut self, envelope: &Envelope, request: Option<RequestId>, refused: Option<RefusalCode>) {
        let case = request.and_then(|id| self.ledger.requests.get(&id));
        let citizen = case.and_then(|case| case.citizen.as_ref());
        let persons = citizen
            .filter(|_| refused.is_none())
            .map(|citizen| citizen.person_id.clone());
        let persons = persons.into_iter().collect();
        self.audit
            .push(AuditEntry::of_command(envelope, request, persons, refused));
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

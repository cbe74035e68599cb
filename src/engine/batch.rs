//! A batch inside its transaction: every command judged and decided in memory, against what was locked and found.

mod numbers;
mod record;

use std::collections::{HashMap, HashSet};

use super::Limits;
use super::files::Files;
use super::item::{Handled, Item, Original, is_command, is_submission, target};
use super::ledger::{Cause, Ledger, Stop};
use super::lookup::Found;
use super::opening::opening_details;
use super::parking::{Parking, Place};
use super::render::{answer_row, refusal_answer};
use super::submission::{Accepted, judge};
use super::translate::{Context, may_learn_of};
use crate::domain::audit::AuditEntry;
use crate::domain::calendar::rome_date;
use crate::domain::command::{Command, Content, Envelope, Submit};
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::ids::{MessageId, RequestId, Source};
use crate::domain::protocol::{ProtocolNumber, ProtocolOffice};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registers::Registers;
use crate::failpoint;
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
    pub(super) parking: Parking,
    pub(super) inbox: Vec<InboxRow>,
    pub(super) letters: Vec<NewDeadLetter>,
    pub(super) files: Files,
    pub(super) audit: Vec<AuditEntry>,
    /// Submissions by their position in the batch.
    opening: HashMap<usize, OpeningState>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(
        ledger: Ledger<'a>,
        registers: &'a Registers,
        seen: HashMap<(Source, MessageId), SeenMessage>,
        parking: Parking,
    ) -> Self {
        Self {
            ledger,
            registers,
            seen,
            parking,
            earlier: HashMap::new(),
            inbox: Vec::new(),
            letters: Vec::new(),
            files: Files::default(),
            audit: Vec::new(),
            opening: HashMap::new(),
        }
    }

    pub(super) fn remember_files(&mut self, found: &[Found]) {
        let files = found.iter().filter_map(|found| found.attachments.as_ref().ok());
        self.files.remember(files.flatten());
    }

    /// Judges every submission before numbers are drawn, so that exactly as many are drawn as are used. One that lacks
    /// a register's answer is not judged, nor is one behind another that does.
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
            let waits = found.missing.is_some() || self.parking.place(envelope) != Place::Free;
            if waits && !taken {
                continue;
            }
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

    /// Handles one item. A fault breaks the whole attempt, since the ledger may be half changed.
    pub(super) fn handle(
        &mut self,
        index: usize,
        item: &Item,
        found: &Found,
        limits: &Limits,
    ) -> Result<Handled, Stop> {
        match item {
            Item::DeadLetter(letter) => {
                if letter.reason == DeadLetterReason::PublisherNotAuthorised {
                    let message = letter.message_id.as_deref().map(MessageId::parse);
                    self.audit
                        .push(AuditEntry::of_impostor(message.and_then(Result::ok)));
                }
                self.letters.push((**letter).clone());
                Ok(Handled::DeadLettered {
                    reason: letter.reason,
                    detail: letter.detail.clone(),
                })
            }
            Item::Command { envelope, original } => {
                failpoint::judged(|| original.as_ref().map(|it| it.keep().body).unwrap_or_default());
                let handled = self.command(index, envelope, original.as_deref(), found, limits)?;
                self.parking.settle(envelope, &handled);
                Ok(handled)
            }
        }
    }

    fn command(
        &mut self,
        index: usize,
        envelope: &Envelope,
        original: Option<&dyn Original>,
        found: &Found,
        limits: &Limits,
    ) -> Result<Handled, Stop> {
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
        let judged = self.opening.contains_key(&index);
        match (self.parking.place(envelope), target(envelope)) {
            (Place::Reused, _) => return Ok(self.reused(original)),
            (Place::Gone, request) => {
                let (outcome, answer) = (Outcome::Done, None);
                return Ok(Handled::Repeated {
                    request,
                    outcome,
                    answer,
                });
            }
            (Place::Still(waits_for), Some(request)) => return Ok(Handled::Parked { request, waits_for }),
            (Place::Behind(awaited), Some(request))
                if is_command(envelope) && self.is_theirs(envelope, request) != Some(false) =>
            {
                return self.parking.park(envelope, original, request, awaited);
            }
            (Place::Free, Some(request)) if is_submission(envelope) && !judged => {
                if let Some(awaited) = self.parking.lacking(envelope, found) {
                    return self.parking.park(envelope, original, request, awaited);
                }
            }
            (Place::Free, Some(request)) if self.is_theirs(envelope, request) == Some(true) => {
                if let Some(awaited) = found.missing {
                    return self.parking.park(envelope, original, request, awaited);
                }
            }
            (Place::Free | Place::Still(_) | Place::Behind(_), _) => {}
        }
        match self.decide(index, envelope, found, limits) {
            Ok(answer) => Ok(self.done(envelope, original, answer)),
            Err(Stop::Refused(refusal)) => self.refused(envelope, refusal),
            Err(fault @ Stop::Fault(_)) => Err(fault),
        }
    }

    /// Whether a request that is there is the sender's patronato's, or at the sender's sede. What strangers say of it
    /// waits for nothing: it is refused.
    fn is_theirs(&self, envelope: &Envelope, request: RequestId) -> Option<bool> {
        let case = &self.ledger.requests.get(&request)?.case;
        Some(match &envelope.source {
            Source::Portal(patronato) => *patronato == case.patronato,
            Source::Sede(sede) => *sede == case.sede,
            Source::Engine => true,
        })
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
        let id = target(envelope).ok_or_else(Refusal::request_unknown)?;
        if let Command::Submit(submit) = command {
            return self.open(index, id, submit, found, &cause);
        }
        let request = self
            .ledger
            .requests
            .get(&id)
            .ok_or_else(Refusal::request_unknown)?;
        let context = Context {
            source: &envelope.source,
            found,
            registers: self.registers,
            limits,
            now: self.ledger.now,
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
                let files = found
                    .attachments
                    .clone()?
                    .into_iter()
                    .map(|filed| filed.file)
                    .collect();
                let details = opening_details(submit, &accepted, files, self.ledger.now);
                self.ledger.open(id, submit, *accepted, number, cause, details)
            }
            Some(OpeningState::Refused(refusal)) => Err(refusal.into()),
            Some(OpeningState::Judged(..)) | None => {
                Err(Stop::Fault("a submission got no protocol number".to_owned()))
            }
        }
    }

    fn done(
        &mut self,
        envelope: &Envelope,
        original: Option<&dyn Original>,
        answer: Option<Answer>,
    ) -> Handled {
        let request = target(envelope);
        self.audit(envelope, request, None);
        self.remember(envelope, request, Outcome::Done, answer.clone());
        let stands = request.filter(|_| original.is_none());
        let stands = stands.and_then(|id| self.ledger.requests.get(&id));
        Handled::Done {
            request,
            answer,
            case: stands.map(|request| Box::new(request.case.clone())),
        }
    }

    fn refused(&mut self, envelope: &Envelope, refusal: Box<Refusal>) -> Result<Handled, Stop> {
        let request = target(envelope).and_then(|id| self.ledger.requests.get(&id));
        // Another office's request gives nothing away, not even its number.
        let known = request.filter(|request| may_learn_of(envelope, request));
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
        let today = rome_date(self.ledger.now);
        let mail = self
            .parking
            .refusal_mail(envelope, &refusal, self.registers, today);
        self.ledger.mails.extend(mail);
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
            return Ok(self.reused(original));
        }
        // A sede was told of a refusal alone; what it did was told to the portal.
        let told = seen.outcome == Outcome::Refused || !matches!(envelope.source, Source::Sede(_));
        if let Some(answer) = seen.answer.as_ref().filter(|_| told) {
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

    fn reused(&mut self, original: Option<&dyn Original>) -> Handled {
        let detail = "another command or body came under this message id before".to_owned();
        self.buried(original, DeadLetterReason::MessageIdReused, detail)
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
}

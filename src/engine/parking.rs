//! Commands that wait for a remote register or the store of files: parked in the transaction of their batch, worked again in the order they
//! came, each request's by itself. Nobody else notices.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;

use super::deadly::condemned;
use super::handle::HandleError;
use super::item::{Handled, Item, Original, target};
use super::ledger::Stop;
use super::lookup::Found;
use super::{Engine, counting};
use crate::attachments::Standing;
use crate::domain::command::{BodyHash, Command, Content, Envelope};
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::dependency::Dependency;
use crate::domain::ids::{MessageId, NodeName, RequestId, Source};
use crate::domain::mail::Addressee;
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registers::Registers;
use crate::failpoint;
use crate::store::{
    Fingerprint, IntakeTransaction, KeptMessage, NewDeadLetter, NewMail, NewParked, ParkedCommand, ParkedId,
    StoreError, Waiting,
};

/// How long other nodes leave alone what this one works, while it lives: far longer than what is asked may take to
/// answer.
const LEASE: Duration = Duration::from_mins(1);

/// Whether a batch comes in by the door, or out of the parking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    Again,
}

/// Where a command stands among the parked ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing is in its way.
    Free,
    /// One of the same request came before it and waits for this.
    Behind(Dependency),
    /// It is parked already, and came again.
    Still(Dependency),
    /// Another body is parked under its message id.
    Reused,
    /// Another node worked it meanwhile.
    Gone,
}

/// What is parked of the requests of a batch, and what the batch parks and takes out.
pub(super) struct Parking {
    turn: Turn,
    by_message: HashMap<(Source, MessageId), Parked>,
    /// In order of arrival.
    by_request: HashMap<RequestId, BTreeMap<ParkedId, Dependency>>,
    /// Requests this batch parks a command of.
    newly: HashMap<RequestId, Dependency>,
    parked: Vec<NewParked>,
    unparked: Vec<ParkedId>,
    left: Vec<(ParkedId, Dependency)>,
}

/// A command that is parked.
struct Parked {
    /// `None`: by this very batch.
    id: Option<ParkedId>,
    request: RequestId,
    body_hash: BodyHash,
    waits_for: Dependency,
}

impl Parking {
    pub(super) fn new(turn: Turn, waiting: Vec<Waiting>) -> Self {
        let mut parking = Self {
            turn,
            by_message: HashMap::new(),
            by_request: HashMap::new(),
            newly: HashMap::new(),
            parked: Vec::new(),
            unparked: Vec::new(),
            left: Vec::new(),
        };
        for waiting in waiting {
            let of_request = parking.by_request.entry(waiting.request).or_default();
            of_request.insert(waiting.id, waiting.waits_for);
            let parked = Parked {
                id: Some(waiting.id),
                request: waiting.request,
                body_hash: waiting.body_hash,
                waits_for: waiting.waits_for,
            };
            parking
                .by_message
                .insert((waiting.source, waiting.message_id), parked);
        }
        parking
    }

    fn own(&self, envelope: &Envelope) -> Option<&Parked> {
        let key = (envelope.source.clone(), envelope.message_id.clone());
        self.by_message.get(&key)
    }

    pub(super) fn place(&self, envelope: &Envelope) -> Place {
        let own = self.own(envelope);
        match own {
            None if self.turn == Turn::Again => return Place::Gone,
            None if self.by_message.is_empty() => return Place::Free,
            Some(own) if own.body_hash != envelope.body_hash => return Place::Reused,
            Some(own) if self.turn == Turn::First => return Place::Still(own.waits_for),
            Some(_) | None => {}
        }
        let Some(request) = target(envelope) else {
            return Place::Free;
        };
        let first = self
            .by_request
            .get(&request)
            .and_then(BTreeMap::first_key_value)
            .filter(|(id, _)| own.is_none_or(|own| own.id.is_none_or(|own| **id < own)));
        let ahead = first.map(|(_, awaited)| awaited).or_else(|| {
            let by_this_batch = self.newly.get(&request);
            by_this_batch.filter(|_| own.is_none())
        });
        ahead.map_or(Place::Free, |awaited| Place::Behind(*awaited))
    }

    /// What a submission that could not be judged waits for.
    pub(super) fn lacking(&self, envelope: &Envelope, found: &Found) -> Option<Dependency> {
        found
            .missing
            .or_else(|| self.own(envelope).map(|own| own.waits_for))
    }

    /// Parks a command, or leaves it where it is.
    pub(super) fn park(
        &mut self,
        envelope: &Envelope,
        original: Option<&dyn Original>,
        request: RequestId,
        waits_for: Dependency,
    ) -> Result<Handled, Stop> {
        if self.turn == Turn::First {
            let parked = new_parked(envelope, original, request, waits_for)?;
            let key = (envelope.source.clone(), envelope.message_id.clone());
            let known = Parked {
                id: None,
                request,
                body_hash: envelope.body_hash,
                waits_for,
            };
            self.by_message.insert(key, known);
            self.newly.insert(request, waits_for);
            self.parked.push(parked);
        }
        Ok(Handled::Parked { request, waits_for })
    }

    /// Notes what became of a command that was parked: decided, it makes way for those behind it.
    pub(super) fn settle(&mut self, envelope: &Envelope, handled: &Handled) {
        if self.turn == Turn::First {
            return;
        }
        let Some((id, request)) = self.own(envelope).and_then(|own| Some((own.id?, own.request))) else {
            return;
        };
        match handled {
            Handled::Parked { waits_for, .. } => self.left.push((id, *waits_for)),
            Handled::Done { .. }
            | Handled::Refused(_)
            | Handled::Repeated { .. }
            | Handled::DeadLettered { .. } => {
                self.unparked.push(id);
                if let Some(of_request) = self.by_request.get_mut(&request) {
                    of_request.remove(&id);
                }
            }
        }
    }

    /// Whoever sent a request that was taken in and is refused now may have gone: a mail tells as well.
    pub(super) fn refusal_mail(
        &self,
        envelope: &Envelope,
        refusal: &Refusal,
        registers: &Registers,
        today: NaiveDate,
    ) -> Option<NewMail> {
        let Content::Command(Command::Submit(submit)) = &envelope.content else {
            return None;
        };
        let to = Addressee::of(&submit.operator, &submit.patronato).filter(|_| self.turn == Turn::Again)?;
        let topic = registers.topic(&submit.topic);
        let label = topic.map_or_else(|| submit.topic.to_string(), |topic| topic.label.clone());
        let request = RequestId::derive(&envelope.source, &envelope.message_id);
        Some(NewMail::refused(request, &to, label, today, refusal.code))
    }

    pub(super) async fn write(&self, transaction: &mut IntakeTransaction) -> Result<(), StoreError> {
        transaction.park(&self.parked).await?;
        transaction.unpark(&self.unparked).await?;
        transaction.leave_parked(&self.left).await
    }
}

fn new_parked(
    envelope: &Envelope,
    original: Option<&dyn Original>,
    request: RequestId,
    waits_for: Dependency,
) -> Result<NewParked, Stop> {
    let Content::Command(command) = &envelope.content else {
        return Err(Stop::Fault("what is no command waits for nothing".to_owned()));
    };
    let json = command
        .to_json()
        .map_err(|error| Stop::Fault(error.to_string()))?;
    let kind = command.kind();
    let message = original.map_or_else(|| made_up(envelope, json.clone()), Original::keep);
    let is_the_body = std::str::from_utf8(&message.body)
        .is_ok_and(|body| Command::from_json(kind, body).is_ok_and(|read| read == *command));
    Ok(NewParked {
        source: envelope.source.clone(),
        message_id: envelope.message_id.clone(),
        body_hash: envelope.body_hash,
        kind,
        request,
        trace_parent: envelope.trace_parent.clone(),
        waits_for,
        message,
        command: (!is_the_body).then_some(json),
    })
}

/// A command that came in no message, as the message it would have been.
fn made_up(envelope: &Envelope, body: Vec<u8>) -> KeptMessage {
    let kind = envelope.kind();
    KeptMessage {
        routing_key: format!("{}.{kind}", envelope.source),
        properties: serde_json::json!({
            "message_id": envelope.message_id,
            "type": kind,
            "content_type": "application/json",
        }),
        headers: serde_json::json!({}),
        body,
    }
}

impl Original for KeptMessage {
    fn bury(&self, reason: DeadLetterReason, detail: String) -> NewDeadLetter {
        NewDeadLetter {
            reason,
            detail,
            source: None,
            message_id: self.properties["message_id"].as_str().map(str::to_owned),
            routing_key: self.routing_key.clone(),
            properties: self.properties.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
        }
    }

    fn keep(&self) -> KeptMessage {
        self.clone()
    }

    fn size(&self) -> usize {
        self.body.len()
    }
}

impl Engine {
    /// What is known to be away now.
    fn away(&self) -> Vec<Dependency> {
        let mut away: Vec<Dependency> = self.people.away().into_iter().map(Dependency::from).collect();
        if *self.attachments.standing().borrow() == Standing::Away {
            away.push(Dependency::Attachments);
        }
        away
    }

    /// Works parked commands whose time has come; answers how many it had in hand. None: there are none for now.
    pub async fn work_parked(&self, node: &NodeName) -> Result<usize, HandleError> {
        let claimed = self.store.claim_parked(node, &self.away(), LEASE).await?;
        let in_hand = claimed.len();
        // Work on these was begun before and never ended: one of them may be what ended the process.
        let (suspects, others): (Vec<_>, Vec<_>) =
            claimed.into_iter().partition(|command| command.is_suspect);
        self.work_again(&others.into_iter().map(again).collect::<Vec<_>>())
            .await?;
        for suspect in suspects {
            self.work_alone(suspect).await?;
        }
        Ok(in_hand)
    }

    async fn work_again(&self, items: &[Item]) -> Result<(), HandleError> {
        if items.is_empty() {
            return Ok(());
        }
        let outcomes = self.handle_in_turn(items, Turn::Again).await?;
        for handled in outcomes
            .iter()
            .filter(|handled| !matches!(handled, Handled::Parked { .. }))
        {
            counting::outcome(handled);
        }
        Ok(())
    }

    /// As a delivery that came back too often: under a note the process leaves behind if it dies.
    async fn work_alone(&self, command: ParkedCommand) -> Result<(), HandleError> {
        let message = &command.parked.message;
        let message_id = message.properties["message_id"].as_str();
        let fingerprint = Fingerprint::of(&message.routing_key, message_id, &message.body);
        let attempt = self.store.begin_attempt(&fingerprint).await?;
        match condemned(attempt) {
            Some(detail) => {
                let letter = message.bury(DeadLetterReason::EngineFault, detail);
                let mut transaction = self.store.begin_intake().await?;
                transaction.bury(&[letter]).await?;
                transaction.unpark(&[command.id]).await?;
                transaction.commit().await?;
            }
            None => self.work_again(&[again(command)]).await?,
        }
        self.store.end_attempts(&fingerprint).await?;
        Ok(())
    }
}

/// A parked command as it came in.
fn again(command: ParkedCommand) -> Item {
    let parked = command.parked;
    failpoint::read(&parked.message.body);
    let json = parked.command.as_ref().unwrap_or(&parked.message.body);
    let read = std::str::from_utf8(json)
        .ok()
        .and_then(|json| Command::from_json(parked.kind, json).ok());
    let content = read.map_or_else(
        || Content::Invalid {
            kind: parked.kind,
            refusal: Refusal::new(
                RefusalCode::InvalidBody,
                "Il messaggio non è più leggibile: invialo di nuovo.",
            ),
        },
        Content::Command,
    );
    Item::Command {
        envelope: Arc::new(Envelope {
            source: parked.source,
            message_id: parked.message_id,
            body_hash: parked.body_hash,
            trace_parent: parked.trace_parent,
            request_id: Some(parked.request),
            content,
        }),
        original: Some(Arc::new(parked.message)),
    }
}

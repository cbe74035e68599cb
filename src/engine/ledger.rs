//! What a batch has decided so far, in memory: requests as they stand after each command, and all that has to be
//! written and sent because of it. Nothing here knows of a database.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::EngineOptions;
use super::opening::opening;
use super::render::{Scene, portal_row, sede_row};
use super::submission::Accepted;
use super::translate::Act;
use crate::domain::agenda::{Agenda, NotLookedFor};
use crate::domain::command::Personal;
use crate::domain::command::{Envelope, Submit};
use crate::domain::event::{Actor, Effect, Event, EventKind};
use crate::domain::ids::{MessageId, RequestId, SedeCode, Source};
use crate::domain::protocol::ProtocolNumber;
use crate::domain::refusal::Refusal;
use crate::domain::registers::Registers;
use crate::domain::request::{Details, HistoryEntry, IdentifiedCitizen, RecordedEvent, Request};
use crate::domain::trace::TraceParent;
use crate::store::{Answer, NewMail, NewOutboxRow, ReplyRow};
use crate::workflow::{Registry, Workflow, decide, open};

/// What brought an event about.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    pub(super) source: Source,
    pub(super) message_id: Option<MessageId>,
    pub(super) trace_parent: Option<TraceParent>,
}

impl Cause {
    pub(super) fn of(envelope: &Envelope) -> Self {
        Self {
            source: envelope.source.clone(),
            message_id: Some(envelope.message_id.clone()),
            trace_parent: envelope.trace_parent.clone(),
        }
    }

    /// A timer ran out.
    pub(super) const fn engine() -> Self {
        Self {
            source: Source::Engine,
            message_id: None,
            trace_parent: None,
        }
    }
}

/// Why a command did not happen.
#[derive(Debug)]
pub(super) enum Stop {
    Refused(Box<Refusal>),
    /// Our own fault: the command is kept as a dead letter.
    Fault(String),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

pub(super) struct Ledger<'a> {
    pub(super) workflows: &'a Registry,
    pub(super) registers: &'a Registers,
    pub(super) options: &'a EngineOptions,
    pub(super) buckets: u16,
    pub(super) now: DateTime<Utc>,
    pub(super) requests: HashMap<RequestId, Request>,
    /// The history of requests that may change hands in this batch.
    pub(super) threads: HashMap<RequestId, Vec<HistoryEntry>>,
    pub(super) opened: Vec<RequestId>,
    pub(super) changed: BTreeSet<RequestId>,
    pub(super) history: Vec<HistoryEntry>,
    pub(super) outbox: Vec<NewOutboxRow>,
    pub(super) mails: Vec<NewMail>,
    pub(super) agenda: Agenda,
    pub(super) replies: Vec<ReplyRow>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(
        workflows: &'a Registry,
        registers: &'a Registers,
        options: &'a EngineOptions,
        buckets: u16,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            workflows,
            registers,
            options,
            buckets,
            now,
            requests: HashMap::new(),
            threads: HashMap::new(),
            opened: Vec::new(),
            changed: BTreeSet::new(),
            history: Vec::new(),
            outbox: Vec::new(),
            mails: Vec::new(),
            agenda: Agenda::default(),
            replies: Vec::new(),
        }
    }

    /// Opens a request under the protocol number drawn for it. Answers what its portal is told.
    pub(super) fn open(
        &mut self,
        id: RequestId,
        submit: &Submit,
        accepted: Accepted,
        protocol: ProtocolNumber,
        cause: &Cause,
        details: Details,
    ) -> Result<Option<Answer>, Stop> {
        let workflow = self
            .workflows
            .latest(&accepted.workflow)
            .ok_or_else(|| Stop::Fault(format!("no workflow {}", accepted.workflow)))?;
        let opening = opening(id, submit, &accepted);
        let opened = open(workflow, &opening, self.now)?;
        let request = Request {
            case: opened.case,
            role: submit.role,
            sender: submit.operator.clone(),
            protocol,
            reason: submit.reason,
            topic: submit.topic.clone(),
            practice: submit.practice.clone(),
            citizen: accepted.citizen.map(|citizen| IdentifiedCitizen {
                person_id: citizen.person_id,
                codice_fiscale: citizen.codice_fiscale,
                family_name: Personal(citizen.family_name),
                given_name: Personal(citizen.given_name),
                born_on: citizen.born_on,
            }),
            due_on: opened.due_on,
            sede_seq: std::collections::BTreeMap::new(),
            version: 0,
            opened_at: self.now,
        };
        let actor = Actor::Operator {
            id: submit.operator.id.clone(),
            patronato: submit.patronato.clone(),
            office: submit.office.clone(),
        };
        let (state, sede) = (request.case.state.clone(), request.case.sede.clone());
        self.requests.insert(id, request);
        self.opened.push(id);
        let first = RecordedEvent {
            event: None,
            state: workflow.initial_state().name().clone(),
            sede: opening.desk,
        };
        self.record(
            id,
            EventKind::Submitted,
            actor.clone(),
            first,
            details.clone(),
            cause,
        );
        for event in opened.followed {
            let kind = event.kind();
            let recorded = RecordedEvent {
                event: Some(event),
                state: state.clone(),
                sede: sede.clone(),
            };
            self.record(id, kind, Actor::Engine, recorded, Details::default(), cause);
        }
        let scene = Happened {
            id,
            seq: 1,
            previous: None,
            actor,
            details,
            workflow,
        };
        self.carry_out(&scene, &opened.effects, cause)
    }

    /// Lets an event happen to a request that is there.
    pub(super) fn happen(&mut self, id: RequestId, act: Act, cause: &Cause) -> Result<Option<Answer>, Stop> {
        let Act {
            actor,
            event,
            details,
        } = act;
        let request = self.requests.get(&id).ok_or_else(Refusal::request_unknown)?;
        let workflows = self.workflows;
        let workflow = workflows
            .get(&request.case.workflow)
            .ok_or_else(|| Stop::Fault(format!("no workflow {}", request.case.workflow)))?;
        let decision = decide(workflow, &request.case, &event, &actor, self.now)?;
        if decision.ignored {
            return Ok(None);
        }
        self.keep_hours(id, &event, &details)?;
        let request = self.requests.get_mut(&id).expect("found above");
        let waited_since = request.case.facts.awaiting_since;
        let previous = std::mem::replace(&mut request.case.sede, decision.sede);
        request.case.state = decision.state;
        request.case.facts = decision.facts;
        request.due_on = decision.due_on;
        let recorded = RecordedEvent {
            state: request.case.state.clone(),
            sede: request.case.sede.clone(),
            event: Some(event.clone()),
        };
        if !self.opened.contains(&id) {
            self.changed.insert(id);
        }
        let seq = self.record(id, event.kind(), actor.clone(), recorded, details.clone(), cause);
        if super::digest::is_reply(event.kind()) {
            let request = &self.requests[&id];
            self.replies
                .push(super::digest::reply(request, seq, waited_since, self.now));
        }
        let scene = Happened {
            id,
            seq,
            previous: Some(previous),
            actor,
            details,
            workflow,
        };
        self.carry_out(&scene, &decision.effects, cause)
    }

    /// Takes, fixes or gives back the hour of an appointment.
    fn keep_hours(&mut self, id: RequestId, event: &Event, details: &Details) -> Result<(), Stop> {
        let sede = &self.requests[&id].case.sede;
        let elsewhere = |NotLookedFor| Stop::Fault("the request changed hands within the batch".to_owned());
        match event {
            Event::Booked => {
                if let Some(slot) = details.slot {
                    let booked = self.agenda.book(id, sede, slot.to_utc(), self.now);
                    booked.map_err(elsewhere)??;
                }
            }
            Event::AppointmentConfirmed => {
                if let Some(at) = details.at {
                    self.agenda.confirm(id, sede, at.to_utc()).map_err(elsewhere)?;
                }
            }
            Event::AppointmentCancelled => self.agenda.release(id),
            Event::Assigned { .. }
            | Event::Transferred { .. }
            | Event::Taken { .. }
            | Event::Released
            | Event::Replied { .. }
            | Event::Closed
            | Event::Noted
            | Event::Messaged
            | Event::Attached
            | Event::Solicited
            | Event::AppointmentEnabled
            | Event::Elapsed { .. } => {}
        }
        Ok(())
    }

    fn record(
        &mut self,
        id: RequestId,
        kind: EventKind,
        actor: Actor,
        event: RecordedEvent,
        details: Details,
        cause: &Cause,
    ) -> u32 {
        let request = self
            .requests
            .get_mut(&id)
            .expect("only requests of this ledger are recorded");
        request.version += 1;
        let entry = HistoryEntry {
            request: id,
            seq: request.version,
            kind,
            actor,
            event,
            details,
            source: cause.source.clone(),
            caused_by: cause.message_id.clone(),
            at: self.now,
        };
        if let Some(thread) = self.threads.get_mut(&id) {
            thread.push(entry.clone());
        }
        self.history.push(entry);
        request.version
    }

    /// Queues everything an event has to send; answers what its portal is told.
    fn carry_out(
        &mut self,
        happened: &Happened<'_>,
        effects: &[Effect],
        cause: &Cause,
    ) -> Result<Option<Answer>, Stop> {
        let mut answer = None;
        for effect in effects {
            let request = self
                .requests
                .get_mut(&happened.id)
                .expect("the request of this event");
            let numbered = match effect {
                Effect::TellSede(_) => {
                    let sede = request.case.sede.clone();
                    Some((request.next_sede_seq(&sede), sede))
                }
                Effect::TellPreviousSede(_) => happened
                    .previous
                    .as_ref()
                    .map(|sede| (request.next_sede_seq(sede), sede.clone())),
                Effect::TellPortal(_) | Effect::Mail(_) => None,
            };
            let request = &self.requests[&happened.id];
            let scene = Scene {
                registers: self.registers,
                workflow: happened.workflow,
                base_url: &self.options.base_url,
                buckets: self.buckets,
                now: self.now,
                request,
                seq: happened.seq,
                previous: happened.previous.as_ref(),
                actor: &happened.actor,
                details: &happened.details,
                thread: self.threads.get(&happened.id).map_or(&[], Vec::as_slice),
                cause,
            };
            match (effect, numbered) {
                (Effect::TellSede(message) | Effect::TellPreviousSede(message), Some((seq, sede))) => {
                    self.outbox.push(sede_row(&scene, *message, &sede, seq)?);
                }
                (Effect::TellPreviousSede(_) | Effect::TellSede(_), None) => {}
                (Effect::TellPortal(event), _) => {
                    let (row, told) = portal_row(&scene, *event)?;
                    self.outbox.extend(row);
                    answer.get_or_insert(told);
                }
                (Effect::Mail(kind), _) => self.mails.extend(scene.mail(*kind)),
            }
        }
        Ok(answer)
    }
}

/// An event that was recorded, with what its effects need to know.
struct Happened<'a> {
    id: RequestId,
    seq: u32,
    previous: Option<SedeCode>,
    actor: Actor,
    details: Details,
    workflow: &'a Workflow,
}

//! Effects as messages and mails: bodies, addresses, derived ids.
//!
//! Every id is derived from the request, the destination and a sequence number, so whoever sends the same effect
//! again sends it under the same id.

use chrono::{DateTime, Utc};

use super::ledger::{Cause, Stop};
use crate::domain::attachment::StoredAttachment;
use crate::domain::calendar::rome_date;
use crate::domain::command::{Envelope, Personal};
use crate::domain::event::{Actor, EventKind, MailKind, PortalEvent, SedeMessage};
use crate::domain::ids::{RequestId, SedeCode, Source, derived_uuid};
use crate::domain::outgoing::{
    AppointmentBooked, AppointmentBookedNotice, AppointmentCancelled, AppointmentConfirmed,
    AppointmentEnabled, AttachmentAdded, AttachmentRef, CitizenRef, CommandRefused, DueDates, OperatorRef,
    RequestAccepted, RequestAssigned, RequestAssignedNotice, RequestAttached, RequestClosed, RequestMessage,
    RequestOverdue, RequestRef, RequestReplied, RequestRevoked, RequestSolicited, RequestSolicitedNotice,
    RequestStatus, RequestTransferred, SolicitNumber, Speaker, ThreadEntry, ToPortal, ToSede, TopicRef,
};
use crate::domain::refusal::Refusal;
use crate::domain::registers::Registers;
use crate::domain::request::{Details, HistoryEntry, Request};
use crate::store::{Answer, MailParams, NewMail, NewOutboxRow};
use crate::workflow::Workflow;

/// A request right after an event, with everything around it.
pub(super) struct Scene<'a> {
    pub(super) registers: &'a Registers,
    pub(super) workflow: &'a Workflow,
    pub(super) base_url: &'a str,
    pub(super) buckets: u16,
    pub(super) now: DateTime<Utc>,
    pub(super) request: &'a Request,
    /// The number of the event in the request's history.
    pub(super) seq: u32,
    /// Where it lay before the event.
    pub(super) previous: Option<&'a SedeCode>,
    pub(super) actor: &'a Actor,
    pub(super) details: &'a Details,
    /// Its whole history, where it may have changed hands.
    pub(super) thread: &'a [HistoryEntry],
    pub(super) cause: &'a Cause,
}

/// The message of an effect towards a sede.
pub(super) fn sede_row(
    scene: &Scene<'_>,
    message: SedeMessage,
    sede: &SedeCode,
    case_seq: u32,
) -> Result<NewOutboxRow, Stop> {
    let body = scene.to_sede(message)?;
    let destination = format!("sede.{sede}");
    let request = scene.request.case.id;
    let message_id = derived_uuid(&[&destination, &request.to_string(), &case_seq.to_string()]);
    Ok(NewOutboxRow {
        bucket: request.bucket(scene.buckets),
        exchange: "sedi".to_owned(),
        routing_key: destination.clone(),
        destination,
        request: Some(request),
        case_seq: Some(case_seq),
        message_id,
        kind: message.as_str(),
        causation_id: scene.cause.message_id.as_ref().map(ToString::to_string),
        trace_parent: scene.cause.trace_parent.as_ref().map(|trace| trace.0.to_string()),
        body: written(&body)?,
    })
}

/// The message of an effect towards the portal, where it has a queue, and what it says.
pub(super) fn portal_row(
    scene: &Scene<'_>,
    event: PortalEvent,
) -> Result<(Option<NewOutboxRow>, Answer), Stop> {
    let body = scene.to_portal(event)?;
    let request = scene.request.case.id;
    let patronato = &scene.request.case.patronato;
    let bytes = written(&body)?;
    let answer = Answer {
        kind: event.as_str().to_owned(),
        body: readable(&bytes)?,
    };
    let has_queue = scene
        .registers
        .patronato(patronato)
        .is_some_and(|patronato| patronato.queue);
    let row = has_queue.then(|| NewOutboxRow {
        bucket: request.bucket(scene.buckets),
        exchange: "events".to_owned(),
        routing_key: format!("portal.{patronato}.{event}"),
        destination: format!("portal.{patronato}"),
        request: Some(request),
        case_seq: None,
        message_id: scene.portal_message_id(event),
        kind: event.as_str(),
        causation_id: scene.cause.message_id.as_ref().map(ToString::to_string),
        trace_parent: scene.cause.trace_parent.as_ref().map(|trace| trace.0.to_string()),
        body: bytes,
    });
    Ok((row, answer))
}

/// The answer to a command that is refused: told to whoever sent it.
pub(super) fn refusal_answer(
    envelope: &Envelope,
    request: Option<&Request>,
    refusal: &Refusal,
) -> Result<Answer, Stop> {
    let body = CommandRefused {
        command: envelope.kind(),
        message_id: envelope.message_id.clone(),
        request_id: super::item::target(envelope),
        protocol_number: request.map(|request| request.protocol.clone()),
        refusal: refusal.clone(),
    };
    let body = serde_json::to_value(body).map_err(|error| Stop::Fault(error.to_string()))?;
    Ok(Answer {
        kind: PortalEvent::CommandRefused.as_str().to_owned(),
        body,
    })
}

/// An answer as a message to the sender of a command: a refusal, or the same as before for a command that came
/// again. `None` where the sender has no queue.
pub(super) fn answer_row(
    envelope: &Envelope,
    answer: &Answer,
    registers: &Registers,
    buckets: u16,
) -> Result<Option<NewOutboxRow>, Stop> {
    let (exchange, routing_key, destination) = match &envelope.source {
        Source::Portal(code) => {
            if !registers.patronato(code).is_some_and(|patronato| patronato.queue) {
                return Ok(None);
            }
            (
                "events",
                format!("portal.{code}.{}", answer.kind),
                format!("portal.{code}"),
            )
        }
        Source::Sede(code) => ("sedi", format!("sede.{code}"), format!("sede.{code}")),
        Source::Engine => return Ok(None),
    };
    let Some(kind) = PortalEvent::from_word(&answer.kind) else {
        return Err(Stop::Fault(format!("no event is called {}", answer.kind)));
    };
    let request = super::item::target(envelope);
    let message = envelope.message_id.as_str();
    let bucket = request.unwrap_or_else(|| RequestId::derive(&envelope.source, &envelope.message_id));
    Ok(Some(NewOutboxRow {
        bucket: bucket.bucket(buckets),
        exchange: exchange.to_owned(),
        routing_key,
        destination,
        request,
        case_seq: None,
        message_id: answer_id(&envelope.source, message, kind),
        kind: kind.as_str(),
        causation_id: Some(message.to_owned()),
        trace_parent: envelope.trace_parent.as_ref().map(|trace| trace.0.to_string()),
        body: written(&answer.body)?,
    }))
}

/// A command that comes again is answered under the same id.
fn answer_id(source: &Source, message: &str, event: PortalEvent) -> uuid::Uuid {
    derived_uuid(&["answer", &source.to_string(), message, event.as_str()])
}

fn written(body: &impl serde::Serialize) -> Result<Vec<u8>, Stop> {
    serde_json::to_vec(body).map_err(|error| Stop::Fault(error.to_string()))
}

fn readable(bytes: &[u8]) -> Result<serde_json::Value, Stop> {
    serde_json::from_slice(bytes).map_err(|error| Stop::Fault(error.to_string()))
}

impl Scene<'_> {
    fn to_sede(&self, message: SedeMessage) -> Result<ToSede, Stop> {
        let request = self.reference();
        Ok(match message {
            SedeMessage::RequestAssigned => ToSede::Assigned(Box::new(self.assigned())),
            SedeMessage::RequestMessage => ToSede::Message(RequestMessage {
                request,
                operator: self.operator(),
                text: self.text(),
                attachments: self.attachments(&self.details.attachments),
                interaction: self.request.case.facts.interactions,
                due: self.due(),
            }),
            SedeMessage::RequestAttached => ToSede::Attached(RequestAttached {
                request,
                operator: self.operator(),
                attachments: self.attachments(&self.details.attachments),
            }),
            SedeMessage::RequestSolicited => {
                let (number, solicited_on) = self.solicit()?;
                let (operator, due) = (self.operator(), self.due());
                ToSede::Solicited(RequestSolicited {
                    request,
                    operator,
                    number,
                    solicited_on,
                    due,
                })
            }
            SedeMessage::AppointmentBooked => ToSede::Booked(AppointmentBooked {
                request,
                operator: self.operator(),
                wish: self.details.wish.clone(),
                slot: self.details.slot,
            }),
            SedeMessage::RequestRevoked => ToSede::Revoked(RequestRevoked {
                request,
                sede: self.request.case.sede.clone(),
                reason: self.details.reason.clone(),
            }),
        })
    }

    fn assigned(&self) -> RequestAssigned {
        let request = self.request;
        let opening = self.thread.first().map_or(self.details, |first| &first.details);
        let transferred_from = self.previous.filter(|sede| !sede.is_desk()).cloned();
        RequestAssigned {
            request: self.reference(),
            opened_at: request.opened_at,
            role: request.role,
            operator: OperatorRef {
                id: request.sender.id.clone(),
                name: request.sender.name.clone(),
                patronato: request.case.patronato.clone(),
                office: request.case.office.clone(),
            },
            citizen: request.citizen.as_ref().map(|citizen| CitizenRef {
                codice_fiscale: citizen.codice_fiscale.clone(),
                family_name: citizen.family_name.clone(),
                given_name: citizen.given_name.clone(),
                born_on: citizen.born_on,
            }),
            reason: request.reason,
            practice: request.practice.clone(),
            topic: TopicRef {
                code: request.topic.clone(),
                label: self
                    .registers
                    .topic(&request.topic)
                    .map_or_else(|| request.topic.to_string(), |topic| topic.label.clone()),
            },
            text: opening.text.clone().unwrap_or_else(|| Personal(String::new())),
            notes: opening.notes.clone(),
            attachments: self.attachments(&opening.attachments),
            thread: self
                .thread
                .iter()
                .skip(1)
                .filter_map(|entry| self.said(entry))
                .collect(),
            due: self.due(),
            solicits: request.case.facts.solicits(),
            transfer_reason: transferred_from
                .as_ref()
                .and_then(|_| self.details.reason.clone()),
            transferred_from,
        }
    }

    /// An entry of the conversation; internal notes and everything else are not part of it.
    fn said(&self, entry: &HistoryEntry) -> Option<ThreadEntry> {
        let from = match entry.kind {
            EventKind::Messaged | EventKind::Attached => Speaker::Patronato,
            EventKind::Replied => Speaker::Sede,
            EventKind::Submitted
            | EventKind::Assigned
            | EventKind::Transferred
            | EventKind::Taken
            | EventKind::Released
            | EventKind::Closed
            | EventKind::Noted
            | EventKind::Solicited
            | EventKind::Booked
            | EventKind::AppointmentEnabled
            | EventKind::AppointmentConfirmed
            | EventKind::AppointmentCancelled
            | EventKind::Elapsed => return None,
        };
        Some(ThreadEntry {
            at: entry.at,
            from,
            name: entry.details.name.clone(),
            text: entry.details.text.clone(),
            attachments: self.attachments(&entry.details.attachments),
        })
    }

    fn to_portal(&self, event: PortalEvent) -> Result<ToPortal, Stop> {
        let request = self.status();
        let reason = || {
            self.details
                .reason
                .clone()
                .unwrap_or_else(|| Personal(String::new()))
        };
        Ok(match event {
            PortalEvent::RequestAccepted => ToPortal::Accepted(RequestAccepted {
                request,
                due: self.due(),
            }),
            PortalEvent::CommandRefused => {
                return Err(Stop::Fault("a refusal is no effect of an event".to_owned()));
            }
            PortalEvent::RequestAssigned => ToPortal::Assigned(RequestAssignedNotice { request }),
            PortalEvent::RequestTransferred => {
                let from = self.previous.unwrap_or(&self.request.case.sede).clone();
                ToPortal::Transferred(RequestTransferred {
                    request,
                    transferred_from: from,
                })
            }
            PortalEvent::RequestReplied => ToPortal::Replied(RequestReplied {
                request,
                officer_name: self.details.name.clone(),
                text: self.text(),
                attachments: self.attachments(&self.details.attachments),
                continuation: if self.request.case.facts.barred {
                    crate::domain::case::Continuation::Barred
                } else {
                    crate::domain::case::Continuation::Allowed
                },
                interactions_left: self.workflow.interactions_left(&self.request.case.facts),
            }),
            PortalEvent::RequestClosed => ToPortal::Closed(RequestClosed {
                request,
                reason: reason(),
            }),
            PortalEvent::RequestOverdue => ToPortal::Overdue(RequestOverdue {
                request,
                due: self.due(),
            }),
            PortalEvent::RequestSolicited => {
                let (number, solicited_on) = self.solicit()?;
                ToPortal::Solicited(RequestSolicitedNotice {
                    request,
                    number,
                    solicited_on,
                    due: self.due(),
                })
            }
            PortalEvent::AttachmentAdded => ToPortal::AttachmentAdded(AttachmentAdded {
                request,
                operator_id: self.operator().id,
                attachments: self.attachments(&self.details.attachments),
            }),
            PortalEvent::AppointmentEnabled => ToPortal::AppointmentEnabled(AppointmentEnabled {
                request,
                reason: reason(),
            }),
            PortalEvent::AppointmentBooked => ToPortal::AppointmentBooked(AppointmentBookedNotice {
                request,
                operator_id: self.operator().id,
                wish: self.details.wish.clone(),
                slot: self.details.slot,
            }),
            PortalEvent::AppointmentConfirmed => {
                let at = self
                    .details
                    .at
                    .ok_or_else(|| Stop::Fault("a confirmed appointment has no date".to_owned()))?;
                let place = self
                    .details
                    .place
                    .clone()
                    .unwrap_or_else(|| Personal(String::new()));
                ToPortal::AppointmentConfirmed(AppointmentConfirmed { request, at, place })
            }
            PortalEvent::AppointmentCancelled => ToPortal::AppointmentCancelled(AppointmentCancelled {
                request,
                reason: reason(),
            }),
        })
    }

    /// The courtesy mail to the operator who sent the request: nothing personal in it.
    pub(super) fn mail(&self, kind: MailKind) -> Option<NewMail> {
        let request = self.request;
        let recipient = request.sender.email.clone()?;
        let topic = self.registers.topic(&request.topic);
        let sede = self.registers.sede(&request.case.sede);
        let params = MailParams {
            protocol_number: request.protocol.to_string(),
            topic_label: topic.map_or_else(|| request.topic.to_string(), |topic| topic.label.clone()),
            sede_name: sede.map_or_else(|| request.case.sede.to_string(), |sede| sede.name.clone()),
            happened_on: rome_date(self.now),
        };
        Some(NewMail::new(request.case.id, self.seq, kind, recipient, params))
    }

    fn portal_message_id(&self, event: PortalEvent) -> uuid::Uuid {
        match (&self.cause.source, &self.cause.message_id) {
            (source @ Source::Portal(_), Some(message)) => answer_id(source, message.as_str(), event),
            (Source::Portal(_) | Source::Sede(_) | Source::Engine, _) => {
                let (request, seq) = (self.request.case.id.to_string(), self.seq.to_string());
                derived_uuid(&["portal", &request, &seq, event.as_str()])
            }
        }
    }

    fn reference(&self) -> RequestRef {
        RequestRef {
            request_id: self.request.case.id,
            protocol_number: self.request.protocol.clone(),
            occurred_at: self.now,
        }
    }

    fn status(&self) -> RequestStatus {
        let case = &self.request.case;
        RequestStatus {
            request_id: case.id,
            protocol_number: self.request.protocol.clone(),
            state: self
                .workflow
                .state_label(&case.state)
                .unwrap_or(case.state.as_str())
                .to_owned(),
            state_code: case.state.clone(),
            sede: case.sede.clone(),
            sede_name: self.registers.sede(&case.sede).map(|sede| sede.name.clone()),
            occurred_at: self.now,
        }
    }

    fn due(&self) -> DueDates {
        let case = &self.request.case;
        DueDates {
            awaiting_since: case.facts.awaiting_since,
            solicit_from: self.workflow.solicit_from(case),
            appointment_from: self.workflow.appointment_from(case),
        }
    }

    /// Who of the patronato acted: the sender unless a colleague did.
    fn operator(&self) -> OperatorRef {
        let acting = match self.actor {
            Actor::Operator { id, .. } => id.clone(),
            Actor::Officer { .. } | Actor::Engine => self.request.sender.id.clone(),
        };
        let name = if acting == self.request.sender.id {
            self.request.sender.name.clone()
        } else {
            self.details
                .name
                .clone()
                .unwrap_or_else(|| Personal(String::new()))
        };
        OperatorRef {
            id: acting,
            name,
            patronato: self.request.case.patronato.clone(),
            office: self.request.case.office.clone(),
        }
    }

    fn text(&self) -> Personal {
        self.details
            .text
            .clone()
            .unwrap_or_else(|| Personal(String::new()))
    }

    fn solicit(&self) -> Result<(SolicitNumber, chrono::NaiveDate), Stop> {
        let facts = &self.request.case.facts;
        match (facts.first_solicit, facts.second_solicit) {
            (_, Some(second)) => Ok((SolicitNumber::Second, second)),
            (Some(first), None) => Ok((SolicitNumber::First, first)),
            (None, None) => Err(Stop::Fault("a solicit left no date".to_owned())),
        }
    }

    fn attachments(&self, stored: &[StoredAttachment]) -> Vec<AttachmentRef> {
        stored
            .iter()
            .map(|attachment| AttachmentRef {
                name: attachment.name.clone(),
                sha256: attachment.sha256.to_string(),
                size: attachment.size,
                media_type: attachment.media_type.to_string(),
                href: format!("{}/api/v1/attachments/{}", self.base_url, attachment.sha256),
            })
            .collect()
    }
}

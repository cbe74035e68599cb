//! Effects as messages and mails: bodies, addresses, derived ids.
//!
//! Every id is derived from the request, the destination and a sequence number, so whoever sends the same effect
//! again sends it under the same id.

use bytes::Bytes;
use chrono::{DateTime, FixedOffset, Utc};

use super::ledger::{Cause, Stop};
use crate::domain::attachment::StoredAttachment;
use crate::domain::calendar::rome_date;
use crate::domain::command::{Envelope, Personal};
use crate::domain::event::{Actor, MailKind, PortalEvent, SedeMessage};
use crate::domain::ids::{RequestId, SedeCode, Source, derived_uuid, portal_message_id};
use crate::domain::mail::{Addressee, AppointmentNotice, MailDetail, MailParams};
use crate::domain::outgoing::{
    AttachmentRef, CommandRefused, DueDates, OperatorRef, RequestRef, RequestStatus, SolicitNumber,
};
use crate::domain::refusal::Refusal;
use crate::domain::registers::Registers;
use crate::domain::request::{Details, HistoryEntry, Request};
use crate::store::{Answer, NewMail, NewOutboxRow};
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
        body: serde_json::to_vec(&body)
            .map_err(|error| unwritable(&error))?
            .into(),
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
    let answer = Answer::new(event.as_str(), &body).map_err(|error| unwritable(&error))?;
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
        body: told(&answer),
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
    Answer::new(PortalEvent::CommandRefused.as_str(), &body).map_err(|error| unwritable(&error))
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
        body: told(answer),
    }))
}

/// A command that comes again is answered under the same id.
fn answer_id(source: &Source, message: &str, event: PortalEvent) -> uuid::Uuid {
    derived_uuid(&["answer", &source.to_string(), message, event.as_str()])
}

fn told(answer: &Answer) -> Bytes {
    Bytes::copy_from_slice(answer.text().as_bytes())
}

fn unwritable(error: &serde_json::Error) -> Stop {
    Stop::Fault(error.to_string())
}

impl Scene<'_> {
    /// The courtesy mail to the operator who sent the request: nothing personal in it.
    pub(super) fn mail(&self, kind: MailKind) -> Option<NewMail> {
        let request = self.request;
        let to = Addressee::of(&request.sender, &request.case.patronato)?;
        let topic = self.registers.topic(&request.topic);
        let sede = self.registers.sede(&request.case.sede);
        let params = MailParams {
            protocol_number: Some(request.protocol.to_string()),
            topic_label: topic.map_or_else(|| request.topic.to_string(), |topic| topic.label.clone()),
            sede_name: Some(sede.map_or_else(|| request.case.sede.to_string(), |sede| sede.name.clone())),
            happened_on: rome_date(self.now),
            detail: self.mail_detail(kind),
        };
        Some(NewMail::new(request.case.id, self.seq, kind, &to, params))
    }

    fn mail_detail(&self, kind: MailKind) -> MailDetail {
        let appointment = |at: Option<DateTime<FixedOffset>>| {
            MailDetail::Appointment(AppointmentNotice {
                sequence: self.seq,
                at: at.map(|at| at.to_utc()),
                place: self.details.place.as_ref().map(|place| place.0.clone()),
            })
        };
        match kind {
            MailKind::Overdue => MailDetail::Waiting {
                solicit_from: self.workflow.solicit_from(&self.request.case),
                appointment_from: self.workflow.appointment_from(&self.request.case),
            },
            MailKind::AppointmentBooked => appointment(self.details.slot),
            MailKind::AppointmentConfirmed => appointment(self.details.at),
            // The history knows the date when the mail is written.
            MailKind::AppointmentCancelled => appointment(None),
            MailKind::Reply
            | MailKind::Closed
            | MailKind::AppointmentEnabled
            | MailKind::Refused
            | MailKind::Digest => MailDetail::Nothing,
        }
    }

    pub(super) fn portal_message_id(&self, event: PortalEvent) -> uuid::Uuid {
        match (&self.cause.source, &self.cause.message_id) {
            (source @ Source::Portal(_), Some(message)) => answer_id(source, message.as_str(), event),
            (Source::Portal(_) | Source::Sede(_) | Source::Engine, _) => {
                portal_message_id(self.request.case.id, self.seq, event.as_str())
            }
        }
    }

    pub(super) fn reference(&self) -> RequestRef {
        RequestRef {
            request_id: self.request.case.id,
            protocol_number: self.request.protocol.clone(),
            occurred_at: self.now,
        }
    }

    pub(super) fn status(&self) -> RequestStatus {
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

    pub(super) fn due(&self) -> DueDates {
        let case = &self.request.case;
        DueDates {
            awaiting_since: case.facts.awaiting_since,
            solicit_from: self.workflow.solicit_from(case),
            appointment_from: self.workflow.appointment_from(case),
        }
    }

    /// Who of the patronato acted: the sender unless a colleague did.
    pub(super) fn operator(&self) -> OperatorRef {
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

    pub(super) fn text(&self) -> Personal {
        self.details
            .text
            .clone()
            .unwrap_or_else(|| Personal(String::new()))
    }

    pub(super) fn solicit(&self) -> Result<(SolicitNumber, chrono::NaiveDate), Stop> {
        let facts = &self.request.case.facts;
        match (facts.first_solicit, facts.second_solicit) {
            (_, Some(second)) => Ok((SolicitNumber::Second, second)),
            (Some(first), None) => Ok((SolicitNumber::First, first)),
            (None, None) => Err(Stop::Fault("a solicit left no date".to_owned())),
        }
    }

    pub(super) fn attachments(&self, stored: &[StoredAttachment]) -> Vec<AttachmentRef> {
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

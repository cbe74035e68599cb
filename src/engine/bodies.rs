//! The bodies of everything an event tells sedi and portals.

use super::ledger::Stop;
use super::render::Scene;
use crate::domain::case::Continuation;
use crate::domain::command::Personal;
use crate::domain::event::{EventKind, PortalEvent, SedeMessage};
use crate::domain::outgoing::{
    AppointmentBooked, AppointmentBookedNotice, AppointmentCancelled, AppointmentConfirmed,
    AppointmentEnabled, AttachmentAdded, CitizenRef, OperatorRef, RequestAccepted, RequestAssigned,
    RequestAssignedNotice, RequestAttached, RequestClosed, RequestMessage, RequestOverdue, RequestReplied,
    RequestRevoked, RequestSolicited, RequestSolicitedNotice, RequestTransferred, Speaker, ThreadEntry,
    ToPortal, ToSede, TopicRef,
};
use crate::domain::request::HistoryEntry;

impl Scene<'_> {
    pub(super) fn to_sede(&self, message: SedeMessage) -> Result<ToSede, Stop> {
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

    pub(super) fn to_portal(&self, event: PortalEvent) -> Result<ToPortal, Stop> {
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
                    Continuation::Barred
                } else {
                    Continuation::Allowed
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
}

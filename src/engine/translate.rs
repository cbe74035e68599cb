//! A command on an existing request, as an event of its workflow: who acts, what happens, what travels with it.

use chrono::{DateTime, Utc};

use super::Limits;
use super::lookup::Found;
use super::submission::{optional_text, required_text};
use crate::domain::attachment::StoredAttachment;
use crate::domain::command::{ByOfficer, ByOperator, Command, Personal, Take};
use crate::domain::event::{Actor, Claim, Event};
use crate::domain::ids::{PatronatoCode, RequestId, SedeCode, Source};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registers::{Registers, SedeKind};
use crate::domain::request::{Details, Request};

/// A command turned into what the rules read and what history keeps.
#[derive(Debug)]
pub(super) struct Act {
    pub(super) actor: Actor,
    pub(super) event: Event,
    pub(super) details: Details,
}

/// What a translation may look at.
pub(super) struct Context<'a> {
    pub(super) source: &'a Source,
    pub(super) found: &'a Found,
    pub(super) registers: &'a Registers,
    pub(super) limits: &'a Limits,
}

pub(super) fn unknown_request() -> Refusal {
    Refusal::new(
        RefusalCode::RequestUnknown,
        "La richiesta non esiste o non è del tuo ufficio.",
    )
    .at("/request_id")
}

impl Context<'_> {
    /// `None` stands for a submission, which opens a request instead of acting on one.
    pub(super) fn act(&self, command: &Command, request: &Request) -> Option<Result<Act, Refusal>> {
        Some(match command {
            Command::Submit(_) => return None,
            Command::Message(body) => self.written(&body.by, request, Event::Messaged, body.text.as_ref()),
            Command::Attach(body) => self.attached(&body.by, request),
            Command::Solicit(by) => self.by_operator(by, request, Event::Solicited, Details::default()),
            Command::Book(body) => {
                let details = Details {
                    wish: body.wish.clone(),
                    slot: body.slot,
                    ..Details::default()
                };
                optional_text(body.wish.as_ref(), "/wish", self.limits)
                    .and_then(|()| self.by_operator(&body.by, request, Event::Booked, details))
            }
            Command::Take(body) => self.taken(body),
            Command::Release(by) => self.by_officer(by, Event::Released, Details::default()),
            Command::Assign(body) => self
                .open_sede(&body.sede)
                .and_then(|sede| self.by_officer(&body.by, Event::Assigned { sede }, Details::default())),
            Command::Transfer(body) => self
                .open_sede(&body.sede)
                .and_then(|sede| self.reasoned(&body.by, Event::Transferred { sede }, &body.reason)),
            Command::Reply(body) => self.replied(body),
            Command::Close(body) => self.reasoned(&body.by, Event::Closed, &body.reason),
            Command::EnableAppointment(body) => {
                self.reasoned(&body.by, Event::AppointmentEnabled, &body.reason)
            }
            Command::CancelAppointment(body) => {
                self.reasoned(&body.by, Event::AppointmentCancelled, &body.reason)
            }
            Command::Note(body) => required_text(body.text.as_ref(), self.limits).and_then(|()| {
                let details = Details {
                    text: body.text.clone(),
                    ..Details::default()
                };
                self.by_officer(&body.by, Event::Noted, details)
            }),
            Command::ConfirmAppointment(body) => {
                let details = Details {
                    at: Some(body.at),
                    place: Some(body.place.clone()),
                    ..Details::default()
                };
                self.by_officer(&body.by, Event::AppointmentConfirmed, details)
            }
        })
    }

    fn written(
        &self,
        by: &ByOperator,
        request: &Request,
        event: Event,
        text: Option<&Personal>,
    ) -> Result<Act, Refusal> {
        required_text(text, self.limits)?;
        let details = Details {
            text: text.cloned(),
            attachments: self.attachments()?,
            ..Details::default()
        };
        self.by_operator(by, request, event, details)
    }

    fn attached(&self, by: &ByOperator, request: &Request) -> Result<Act, Refusal> {
        let attachments = self.attachments()?;
        // While the files are away only strangers come this far, and they are told that alone.
        if attachments.is_empty() && self.found.missing.is_none() {
            let message = "Indica almeno un documento da allegare.";
            return Err(Refusal::new(RefusalCode::AttachmentMissing, message).at("/attachments"));
        }
        self.by_operator(
            by,
            request,
            Event::Attached,
            Details {
                attachments,
                ..Details::default()
            },
        )
    }

    fn replied(&self, body: &crate::domain::command::Reply) -> Result<Act, Refusal> {
        required_text(body.text.as_ref(), self.limits)?;
        let details = Details {
            text: body.text.clone(),
            attachments: self.attachments()?,
            ..Details::default()
        };
        self.by_officer(
            &body.by,
            Event::Replied {
                continuation: body.continuation,
            },
            details,
        )
    }

    /// A reason says that it is taken over from whoever has it.
    fn taken(&self, body: &Take) -> Result<Act, Refusal> {
        let officer = body.by.officer.id.clone();
        let Some(reason) = &body.reason else {
            let claim = Claim::IfFree;
            return self.by_officer(&body.by, Event::Taken { officer, claim }, Details::default());
        };
        let claim = Claim::TakeOver;
        self.reasoned(&body.by, Event::Taken { officer, claim }, reason)
    }

    fn reasoned(&self, by: &ByOfficer, event: Event, reason: &Personal) -> Result<Act, Refusal> {
        optional_text(Some(reason), "/reason", self.limits)?;
        if reason.0.trim().is_empty() {
            return Err(Refusal::new(RefusalCode::TextMissing, "Il motivo è obbligatorio.").at("/reason"));
        }
        self.by_officer(
            by,
            event,
            Details {
                reason: Some(reason.clone()),
                ..Details::default()
            },
        )
    }

    fn attachments(&self) -> Result<Vec<StoredAttachment>, Refusal> {
        let filed = self.found.attachments.clone()?;
        Ok(filed.into_iter().map(|filed| filed.file).collect())
    }

    /// A sede requests can be passed on to.
    fn open_sede(&self, code: &SedeCode) -> Result<SedeCode, Refusal> {
        let open = self
            .registers
            .open_sede(code)
            .filter(|sede| sede.kind != SedeKind::Desk);
        open.map(|sede| sede.code.clone()).ok_or_else(|| {
            Refusal::new(
                RefusalCode::SedeUnknown,
                "La sede indicata non esiste o non è attiva.",
            )
            .at("/sede")
        })
    }

    fn by_operator(
        &self,
        by: &ByOperator,
        request: &Request,
        event: Event,
        details: Details,
    ) -> Result<Act, Refusal> {
        let Source::Portal(patronato) = self.source else {
            return Err(unknown_request());
        };
        let actor = Actor::Operator {
            id: by.operator.id.clone(),
            patronato: PatronatoCode::clone(patronato),
            office: by.office.clone().unwrap_or_else(|| request.case.office.clone()),
        };
        Ok(Act {
            actor,
            event,
            details: Details {
                name: Some(by.operator.name.clone()),
                ..details
            },
        })
    }

    fn by_officer(&self, by: &ByOfficer, event: Event, details: Details) -> Result<Act, Refusal> {
        let Source::Sede(sede) = self.source else {
            return Err(unknown_request());
        };
        let actor = Actor::Officer {
            id: by.officer.id.clone(),
            sede: sede.clone(),
        };
        Ok(Act {
            actor,
            event,
            details: Details {
                name: Some(by.officer.name.clone()),
                ..details
            },
        })
    }
}

/// The request of a command whose effects need its whole thread: it may change hands.
pub(super) fn may_change_hands(command: &Command) -> Option<RequestId> {
    match command {
        Command::Assign(body) => Some(body.by.request_id),
        Command::Transfer(body) => Some(body.by.request_id),
        Command::Submit(_)
        | Command::Message(_)
        | Command::Attach(_)
        | Command::Solicit(_)
        | Command::Book(_)
        | Command::Take(_)
        | Command::Release(_)
        | Command::Reply(_)
        | Command::Close(_)
        | Command::EnableAppointment(_)
        | Command::Note(_)
        | Command::ConfirmAppointment(_)
        | Command::CancelAppointment(_) => None,
    }
}

/// The request of a command that concerns an appointment, and the hour it is to be at.
pub(super) fn wanted_hour(command: &Command) -> Option<(RequestId, Option<DateTime<Utc>>)> {
    match command {
        Command::Book(body) => body.slot.map(|slot| (body.by.request_id, Some(slot.to_utc()))),
        Command::ConfirmAppointment(body) => Some((body.by.request_id, Some(body.at.to_utc()))),
        Command::CancelAppointment(body) => Some((body.by.request_id, None)),
        Command::Submit(_)
        | Command::Message(_)
        | Command::Attach(_)
        | Command::Solicit(_)
        | Command::Take(_)
        | Command::Release(_)
        | Command::Assign(_)
        | Command::Transfer(_)
        | Command::Reply(_)
        | Command::Close(_)
        | Command::EnableAppointment(_)
        | Command::Note(_) => None,
    }
}

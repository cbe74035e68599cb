//! A command on an existing request, as an event of its workflow: who acts, what happens, what travels with it.
//!
//! Who has no business with a request is turned away before anything of the command is judged: another answer than
//! "unknown" would tell that the request is there.

use chrono::{DateTime, Utc};

use super::Limits;
use super::lookup::Found;
use super::submission::{optional_text, required_text};
use crate::domain::attachment::StoredAttachment;
use crate::domain::command::{Book, By, Command, ConfirmAppointment, Content, Envelope, Personal, Take};
use crate::domain::event::{Actor, Claim, Event};
use crate::domain::ids::{PatronatoCode, RequestId, SedeCode, Source};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registers::{Registers, SedeKind};
use crate::domain::request::{Details, Request};
use crate::domain::text::is_blank;
use crate::workflow::strangers;

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
    pub(super) now: DateTime<Utc>,
}

impl Context<'_> {
    /// `None` stands for a submission, which opens a request instead of acting on one.
    pub(super) fn act(&self, command: &Command, request: &Request) -> Option<Result<Act, Refusal>> {
        let by = command.by()?;
        let actor = actor(self.source, by, request).and_then(|actor| {
            strangers(&request.case, &actor)?;
            Ok(actor)
        });
        let name = Some(by.name().clone());
        Some(actor.and_then(|actor| {
            let (event, details) = self.happening(command)?;
            Ok(Act {
                actor,
                event,
                details: Details { name, ..details },
            })
        }))
    }

    fn happening(&self, command: &Command) -> Result<(Event, Details), Refusal> {
        Ok(match command {
            Command::Submit(_) => return Err(Refusal::request_unknown()),
            Command::Message(body) => (Event::Messaged, self.written(body.text.as_ref())?),
            Command::Attach(_) => (Event::Attached, self.attached()?),
            Command::Solicit(_) => (Event::Solicited, Details::default()),
            Command::Book(body) => (Event::Booked, self.booked(body)?),
            Command::Take(body) => self.taken(body)?,
            Command::Release(_) => (Event::Released, Details::default()),
            Command::Assign(body) => {
                let sede = self.open_sede(&body.sede)?;
                (Event::Assigned { sede }, Details::default())
            }
            Command::Transfer(body) => {
                let sede = self.open_sede(&body.sede)?;
                (Event::Transferred { sede }, self.reasoned(&body.reason)?)
            }
            Command::Reply(body) => {
                let continuation = body.continuation;
                (Event::Replied { continuation }, self.written(body.text.as_ref())?)
            }
            Command::Close(body) => (Event::Closed, self.reasoned(&body.reason)?),
            Command::EnableAppointment(body) => (Event::AppointmentEnabled, self.reasoned(&body.reason)?),
            Command::CancelAppointment(body) => (Event::AppointmentCancelled, self.reasoned(&body.reason)?),
            Command::Note(body) => (Event::Noted, self.noted(body.text.as_ref())?),
            Command::ConfirmAppointment(body) => (Event::AppointmentConfirmed, self.confirmed(body)?),
        })
    }

    fn written(&self, text: Option<&Personal>) -> Result<Details, Refusal> {
        required_text(text, self.limits)?;
        Ok(Details {
            text: text.cloned(),
            attachments: self.attachments()?,
            ..Details::default()
        })
    }

    fn noted(&self, text: Option<&Personal>) -> Result<Details, Refusal> {
        required_text(text, self.limits)?;
        Ok(Details {
            text: text.cloned(),
            ..Details::default()
        })
    }

    fn attached(&self) -> Result<Details, Refusal> {
        let attachments = self.attachments()?;
        if attachments.is_empty() {
            let message = "Indica almeno un documento da allegare.";
            return Err(Refusal::new(RefusalCode::AttachmentMissing, message).at("/attachments"));
        }
        Ok(Details {
            attachments,
            ..Details::default()
        })
    }

    fn booked(&self, body: &Book) -> Result<Details, Refusal> {
        optional_text(body.wish.as_ref(), "/wish", self.limits)?;
        if body.slot.is_none() && body.wish.as_ref().is_none_or(|wish| is_blank(&wish.0)) {
            let message = "Indica un orario, oppure scrivi quando preferiresti l'appuntamento.";
            return Err(Refusal::new(RefusalCode::InvalidBody, message).at("/wish"));
        }
        Ok(Details {
            wish: body.wish.clone(),
            slot: body.slot,
            ..Details::default()
        })
    }

    fn confirmed(&self, body: &ConfirmAppointment) -> Result<Details, Refusal> {
        if body.at < self.now {
            let message = "L'appuntamento è in un momento già passato.";
            return Err(Refusal::new(RefusalCode::InvalidBody, message).at("/at"));
        }
        Ok(Details {
            at: Some(body.at),
            place: Some(body.place.clone()),
            ..Details::default()
        })
    }

    /// A reason says that it is taken over from whoever has it.
    fn taken(&self, body: &Take) -> Result<(Event, Details), Refusal> {
        let officer = body.by.officer.id.clone();
        let (claim, details) = match &body.reason {
            None => (Claim::IfFree, Details::default()),
            Some(reason) => (Claim::TakeOver, self.reasoned(reason)?),
        };
        Ok((Event::Taken { officer, claim }, details))
    }

    fn reasoned(&self, reason: &Personal) -> Result<Details, Refusal> {
        optional_text(Some(reason), "/reason", self.limits)?;
        if is_blank(&reason.0) {
            return Err(Refusal::new(RefusalCode::TextMissing, "Il motivo è obbligatorio.").at("/reason"));
        }
        Ok(Details {
            reason: Some(reason.clone()),
            ..Details::default()
        })
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
}

/// The person a command is from, as the rules know people: a portal speaks for operators, a sede for its officers.
fn actor(source: &Source, by: By<'_>, request: &Request) -> Result<Actor, Refusal> {
    match (by, source) {
        (By::Operator(by), Source::Portal(patronato)) => Ok(Actor::Operator {
            id: by.operator.id.clone(),
            patronato: PatronatoCode::clone(patronato),
            office: by.office.clone().unwrap_or_else(|| request.case.office.clone()),
        }),
        (By::Officer(by), Source::Sede(sede)) => Ok(Actor::Officer {
            id: by.officer.id.clone(),
            sede: sede.clone(),
        }),
        (By::Operator(_), Source::Sede(_) | Source::Engine)
        | (By::Officer(_), Source::Portal(_) | Source::Engine) => Err(Refusal::request_unknown()),
    }
}

/// Whether whoever sent a command, or the broken body of one, may learn anything of a request that is there.
pub(super) fn may_learn_of(envelope: &Envelope, request: &Request) -> bool {
    let case = &request.case;
    let at_home = match &envelope.source {
        Source::Portal(patronato) => *patronato == case.patronato,
        Source::Sede(sede) => *sede == case.sede,
        Source::Engine => true,
    };
    at_home
        && match &envelope.content {
            Content::Invalid { .. } => true,
            Content::Command(Command::Submit(submit)) => submit.office == case.office,
            Content::Command(command) => command.by().is_some_and(|by| {
                actor(&envelope.source, by, request).is_ok_and(|actor| strangers(case, &actor).is_ok())
            }),
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

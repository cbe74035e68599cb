//! The calendar file of an appointment (RFC 5545 and 5546): published when it is booked and confirmed, taken back
//! when it is cancelled.
//!
//! Times are UTC instants, so no program has to know when Italy changes its clocks. One UID per request and a
//! sequence that grows with its history: a calendar keeps the latest word, whatever the order of arrival.

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component as _, Event, EventLike as _, EventStatus, Property};

use super::templates::one_line;
use crate::domain::event::MailKind;
use crate::domain::ids::{RequestId, derived_uuid};
use crate::domain::mail::{MailDetail, MailParams};

/// What a calendar is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Publish,
    Cancel,
}

impl Method {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Cancel => "CANCEL",
        }
    }
}

/// The file, and what the header of its part says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarFile {
    pub(super) method: Method,
    pub text: String,
}

/// Whose calendar files these are.
pub(super) struct Issuer<'a> {
    pub(super) service: &'a str,
    pub(super) address: &'a str,
    /// The right half of UIDs.
    pub(super) domain: &'a str,
}

/// The calendar file of a mail; `None` where there is no date to keep.
pub(super) fn calendar_file(
    issuer: &Issuer<'_>,
    kind: MailKind,
    request: RequestId,
    params: &MailParams,
    now: DateTime<Utc>,
) -> Option<CalendarFile> {
    let MailDetail::Appointment(appointment) = &params.detail else {
        return None;
    };
    let (method, status) = match kind {
        MailKind::AppointmentBooked => (Method::Publish, EventStatus::Tentative),
        MailKind::AppointmentConfirmed => (Method::Publish, EventStatus::Confirmed),
        MailKind::AppointmentCancelled => (Method::Cancel, EventStatus::Cancelled),
        MailKind::Reply
        | MailKind::Closed
        | MailKind::Overdue
        | MailKind::AppointmentEnabled
        | MailKind::Refused
        | MailKind::Digest => return None,
    };
    let start = appointment.at?;
    let text = written(&Entry {
        issuer: Some(issuer),
        domain: issuer.domain,
        method,
        status,
        request,
        start,
        place: appointment.place.as_deref(),
        sede: params.sede_name.as_deref().unwrap_or_default(),
        protocol: params.protocol_number.as_deref().unwrap_or_default(),
        sequence: appointment.sequence,
        now,
    });
    Some(CalendarFile { method, text })
}

/// The appointment of a request as its page gives it to take along.
#[derive(Debug, Clone, Copy)]
pub struct AppointmentFile<'a> {
    /// The right half of its UID.
    pub host: &'a str,
    pub request: RequestId,
    /// By the sede; wished for otherwise.
    pub confirmed: bool,
    pub at: DateTime<Utc>,
    pub place: Option<&'a str>,
    pub sede: &'a str,
    pub protocol: &'a str,
    /// Grows with every change of the request.
    pub sequence: u32,
    pub now: DateTime<Utc>,
}

/// The calendar file of an appointment; one UID with the files of the mails, so that a calendar holds it once.
pub fn appointment_file(file: &AppointmentFile<'_>) -> String {
    written(&Entry {
        issuer: None,
        domain: file.host,
        method: Method::Publish,
        status: if file.confirmed {
            EventStatus::Confirmed
        } else {
            EventStatus::Tentative
        },
        request: file.request,
        start: file.at,
        place: file.place,
        sede: file.sede,
        protocol: file.protocol,
        sequence: file.sequence,
        now: file.now,
    })
}

struct Entry<'a> {
    issuer: Option<&'a Issuer<'a>>,
    domain: &'a str,
    method: Method,
    status: EventStatus,
    request: RequestId,
    start: DateTime<Utc>,
    place: Option<&'a str>,
    sede: &'a str,
    protocol: &'a str,
    sequence: u32,
    now: DateTime<Utc>,
}

fn written(entry: &Entry<'_>) -> String {
    let (sede, protocol) = (one_line(entry.sede), one_line(entry.protocol));
    let place = entry.place.map(one_line).filter(|place| !place.is_empty());
    let uid = derived_uuid(&["appointment", &entry.request.to_string()]);
    let mut event = Event::new();
    event
        .uid(&format!("{uid}@{}", entry.domain))
        .timestamp(entry.now)
        .starts(entry.start)
        .sequence(entry.sequence)
        .status(entry.status)
        .summary(&format!("Appuntamento INPS – {sede}"))
        .description(&format!("Richiesta prot. {protocol}"))
        .location(&place.unwrap_or(sede));
    if let Some(issuer) = entry.issuer {
        event.append_property(
            Property::new("ORGANIZER", format!("mailto:{}", issuer.address))
                .add_parameter("CN", &issuer.service.replace('"', "'"))
                .done(),
        );
    }
    let mut calendar = Calendar::empty();
    calendar
        .append_property(Property::new("VERSION", "2.0"))
        .append_property(Property::new("PRODID", "-//usciere//appuntamenti//IT"));
    if entry.issuer.is_some() {
        // RFC 5546: what has a method has an organizer.
        calendar.append_property(Property::new("METHOD", entry.method.as_str()));
    }
    calendar.push(event.done()).done().to_string()
}

#[cfg(test)]
mod tests;

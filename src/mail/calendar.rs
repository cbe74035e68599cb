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
    let protocol = params
        .protocol_number
        .as_deref()
        .map(one_line)
        .unwrap_or_default();
    let sede = params.sede_name.as_deref().map(one_line).unwrap_or_default();
    let place = appointment
        .place
        .as_deref()
        .map(one_line)
        .filter(|place| !place.is_empty());
    let uid = derived_uuid(&["appointment", &request.to_string()]);
    let event = Event::new()
        .uid(&format!("{uid}@{}", issuer.domain))
        .timestamp(now)
        .starts(start)
        .sequence(appointment.sequence)
        .status(status)
        .summary(&format!("Appuntamento INPS – {sede}"))
        .description(&format!("Richiesta prot. {protocol}"))
        .location(&place.unwrap_or(sede))
        .append_property(
            Property::new("ORGANIZER", format!("mailto:{}", issuer.address))
                .add_parameter("CN", &issuer.service.replace('"', "'"))
                .done(),
        )
        .done();
    let calendar = Calendar::empty()
        .append_property(Property::new("VERSION", "2.0"))
        .append_property(Property::new("PRODID", "-//usciere//appuntamenti//IT"))
        .append_property(Property::new("METHOD", method.as_str()))
        .push(event)
        .done();
    Some(CalendarFile {
        method,
        text: calendar.to_string(),
    })
}

#[cfg(test)]
mod tests;

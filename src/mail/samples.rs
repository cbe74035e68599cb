//! Made-up mails of every kind, for `mail preview`, `mail test` and tests.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::mailer::MailerError;
use super::message::Composer;
use super::templates::Surroundings;
use super::transport::{SendOutcome, Transport};
use crate::clock::Clock;
use crate::config::mail::SmtpSettings;
use crate::domain::command::Personal;
use crate::domain::event::MailKind;
use crate::domain::ids::{RequestId, derived_uuid};
use crate::domain::mail::preferences::MailPreferences;
use crate::domain::mail::{AppointmentNotice, Digest, DigestEntry, MailContent, MailDetail, MailParams};
use crate::domain::refusal::RefusalCode;
use crate::store::{ClaimedMail, MailId};

/// The request of samples: no real one.
const REQUEST: RequestId = RequestId(uuid::uuid!("0199c0de-0000-7000-8000-000000000001"));

/// A mail of the given kind as an operator would get it.
pub fn sample_mail(kind: MailKind) -> ClaimedMail {
    let content = match kind {
        MailKind::Reply
        | MailKind::Closed
        | MailKind::Overdue
        | MailKind::AppointmentEnabled
        | MailKind::AppointmentBooked
        | MailKind::AppointmentConfirmed
        | MailKind::AppointmentCancelled
        | MailKind::Refused => MailContent::Event(params(kind)),
        MailKind::Digest => MailContent::Digest(Digest {
            day: day(9),
            entries: [MailKind::Reply, MailKind::Overdue, MailKind::Refused]
                .map(|kind| DigestEntry {
                    kind,
                    request: REQUEST,
                    params: params(kind),
                })
                .into(),
            more: 0,
        }),
    };
    ClaimedMail {
        id: MailId(1),
        request: (kind != MailKind::Digest).then_some(REQUEST),
        kind,
        recipient: Personal("op1@inca.example".to_owned()),
        content,
        preferences: MailPreferences::default(),
        unsubscribe: Uuid::nil(),
        message_id: derived_uuid(&["mail", "sample", kind.as_str()]),
        attempt: 1,
        leased_until: DateTime::UNIX_EPOCH,
    }
}

/// Sends a sample through the configured transport, past the outbox.
pub async fn send_sample(
    smtp: &SmtpSettings,
    surroundings: Surroundings,
    clock: &Clock,
    kind: MailKind,
    recipient: Personal,
) -> Result<SendOutcome, MailerError> {
    let mail = ClaimedMail {
        recipient,
        message_id: derived_uuid(&["mail-test", &clock.new_id().to_string()]),
        ..sample_mail(kind)
    };
    let composed = Composer::new(&smtp.from, surroundings, clock.clone())?.compose(&mail)?;
    let transport = Transport::new(smtp, clock.clone())?;
    let outcome = transport.send(&composed).await;
    transport.close().await;
    Ok(outcome)
}

fn params(kind: MailKind) -> MailParams {
    let refused = kind == MailKind::Refused;
    MailParams {
        protocol_number: (!refused).then(|| "INPS.7013.24/02/2021.0000123".to_owned()),
        topic_label: "Pensioni in regime internazionale – paesi non convenzionati".to_owned(),
        sede_name: (!refused).then(|| "Agenzia di Pomezia".to_owned()),
        happened_on: day(8),
        detail: detail(kind),
    }
}

fn detail(kind: MailKind) -> MailDetail {
    match kind {
        MailKind::Reply | MailKind::Closed | MailKind::AppointmentEnabled | MailKind::Digest => {
            MailDetail::Nothing
        }
        MailKind::Overdue => MailDetail::Waiting {
            solicit_from: Some(day(11)),
            appointment_from: Some(day(12)),
        },
        MailKind::AppointmentBooked => appointment(4, None),
        MailKind::AppointmentConfirmed => appointment(5, Some("Via Filippo Re 1, piano terra, sportello 4")),
        MailKind::AppointmentCancelled => appointment(6, Some("Via Filippo Re 1, piano terra, sportello 4")),
        MailKind::Refused => MailDetail::Refusal {
            code: RefusalCode::PracticeNotLinked,
        },
    }
}

/// An hour after the clocks of Italy went forward.
fn appointment(sequence: u32, place: Option<&str>) -> MailDetail {
    MailDetail::Appointment(AppointmentNotice {
        sequence,
        at: DateTime::<Utc>::from_timestamp(1_616_917_800, 0),
        place: place.map(str::to_owned),
    })
}

fn day(of_march: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2021, 3, of_march).expect("a day of the calendar")
}

/// A sample in which every text that comes from outside is this one.
#[cfg(test)]
pub(super) fn hostile_mail(kind: MailKind, text: &str) -> ClaimedMail {
    let mut mail = sample_mail(kind);
    let spoil = |params: &mut MailParams| {
        params.protocol_number = params.protocol_number.as_ref().map(|_| text.to_owned());
        params.sede_name = params.sede_name.as_ref().map(|_| text.to_owned());
        text.clone_into(&mut params.topic_label);
        if let MailDetail::Appointment(appointment) = &mut params.detail {
            appointment.place = Some(text.to_owned());
        }
    };
    match &mut mail.content {
        MailContent::Event(params) => spoil(params),
        MailContent::Digest(digest) => digest
            .entries
            .iter_mut()
            .for_each(|entry| spoil(&mut entry.params)),
    }
    mail
}

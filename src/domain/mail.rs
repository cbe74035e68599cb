//! What courtesy mails are about and whom they go to. Nothing of the citizen, nothing of the text (DOMAIN.md 0).

pub mod preferences;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::command::{Operator, Personal};
use super::event::MailKind;
use super::ids::{ActorId, PatronatoCode, RequestId};
use super::refusal::RefusalCode;

/// The operator a mail goes to, and whose preferences decide about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    pub patronato: PatronatoCode,
    pub operator: ActorId,
    pub address: Personal,
}

impl Addressee {
    /// `None` for an operator without an address: no mail.
    pub fn of(operator: &Operator, patronato: &PatronatoCode) -> Option<Self> {
        operator.email.as_ref().map(|address| Self {
            patronato: patronato.clone(),
            operator: operator.id.clone(),
            address: Personal(address.as_str().to_owned()),
        })
    }
}

/// What a template may say of what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailParams {
    /// `None`: the request never got one.
    pub protocol_number: Option<String>,
    pub topic_label: String,
    /// `None`: the request never reached one.
    pub sede_name: Option<String>,
    /// The day of the event, Europe/Rome.
    pub happened_on: NaiveDate,
    #[serde(default)]
    pub detail: MailDetail,
}

/// What only some kinds of mail say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum MailDetail {
    #[default]
    Nothing,
    /// From when on the sede may be asked again and an appointment booked; `None`: not any more.
    Waiting {
        solicit_from: Option<NaiveDate>,
        appointment_from: Option<NaiveDate>,
    },
    Appointment(AppointmentNotice),
    /// Why the request was refused.
    Refusal {
        code: RefusalCode,
    },
}

/// An appointment as it stands in a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppointmentNotice {
    /// Grows with every change of the request, so that a calendar keeps the latest.
    pub sequence: u32,
    /// `None`: only a wish so far.
    pub at: Option<DateTime<Utc>>,
    /// As the sede gave it.
    pub place: Option<String>,
}

/// All a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailContent {
    Event(MailParams),
    Digest(Digest),
}

/// What happened on a day, for who wants to hear of it once a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The day of the mail, Europe/Rome.
    pub day: NaiveDate,
    /// In the order in which it happened.
    pub entries: Vec<DigestEntry>,
    /// Events for which there was no room.
    pub more: u32,
}

/// One event of a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestEntry {
    pub kind: MailKind,
    pub request: RequestId,
    pub params: MailParams,
}

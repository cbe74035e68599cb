//! What courtesy mails are about and whom they go to. Nothing of the citizen, nothing of the text (DOMAIN.md 0).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::command::{Operator, Personal};
use super::ids::{ActorId, PatronatoCode};
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
        operator.email.clone().map(|address| Self {
            patronato: patronato.clone(),
            operator: operator.id.clone(),
            address,
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
    /// Why the request was refused.
    Refusal { code: RefusalCode },
}

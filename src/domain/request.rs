//! A request with everything the engine needs to answer for it, and its history.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::attachment::StoredAttachment;
use super::case::{Case, StateName};
use super::codice_fiscale::CodiceFiscale;
use super::command::{ContactReason, Operator, Personal, Practice, Role};
use super::event::{Actor, EventKind};
use super::ids::{MessageId, PersonId, RequestId, SedeCode, Source, TopicCode};
use super::protocol::ProtocolNumber;

/// The citizen a request speaks for, as identified when it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct IdentifiedCitizen {
    pub person_id: PersonId,
    pub codice_fiscale: Option<CodiceFiscale>,
    pub family_name: Personal,
    pub given_name: Personal,
    pub born_on: NaiveDate,
}

/// A request: the case the rules see, and what was fixed when it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub case: Case,
    pub role: Role,
    pub sender: Operator,
    pub protocol: ProtocolNumber,
    pub reason: ContactReason,
    pub topic: TopicCode,
    pub practice: Option<Practice>,
    pub citizen: Option<IdentifiedCitizen>,
    /// Date of the next timer.
    pub due_on: Option<NaiveDate>,
    /// The last `case-seq` given per sede.
    pub sede_seq: BTreeMap<SedeCode, u32>,
    /// The number of the last event of its history.
    pub version: u32,
    pub opened_at: DateTime<Utc>,
}

impl Request {
    /// The next `case-seq` towards a sede: 1, 2, 3 without a gap.
    pub fn next_sede_seq(&mut self, sede: &SedeCode) -> u32 {
        let last = self.sede_seq.entry(sede.clone()).or_insert(0);
        *last += 1;
        *last
    }
}

/// The operator's declaration of holding the citizen's delegation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Delegation {
    pub declared_at: DateTime<Utc>,
    /// Which version of the declaration's text was accepted.
    pub text_version: u16,
}

/// What travels with an event beside what the rules read: texts, files, reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// The name of whoever acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Personal>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<StoredAttachment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegation: Option<Delegation>,
    /// Why the router chose this destination.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routing: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wish: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Personal>,
}

/// One entry of a request's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    pub request: RequestId,
    /// 1, 2, 3 without a gap per request.
    pub seq: u32,
    pub kind: EventKind,
    pub actor: Actor,
    /// The event as the rules read it, and the state and holder after it.
    pub event: RecordedEvent,
    pub details: Details,
    pub source: Source,
    pub caused_by: Option<MessageId>,
    pub at: DateTime<Utc>,
}

/// An event as history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// What a replay of the rules needs; `None` for the opening. Not flattened: `assigned` has a `sede` of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<super::event::Event>,
    pub state: StateName,
    pub sede: SedeCode,
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;

    #[test]
    fn every_recorded_event_reads_back() {
        let sede = SedeCode::parse("230001").unwrap();
        let events = [
            None,
            Some(Event::Assigned { sede: sede.clone() }),
            Some(Event::Transferred { sede: sede.clone() }),
            Some(Event::Elapsed { days: 16 }),
            Some(Event::Closed),
        ];
        for event in events {
            let recorded = RecordedEvent {
                event,
                state: StateName::parse("assegnato_sede").unwrap(),
                sede: sede.clone(),
            };
            let json = serde_json::to_value(&recorded).unwrap();
            assert_eq!(serde_json::from_value::<RecordedEvent>(json).unwrap(), recorded);
        }
    }
}

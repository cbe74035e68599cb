//! A request while it is being written: what the pages keep from one step to the next.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::attachment::StoredAttachment;
use super::codice_fiscale::CodiceFiscale;
use super::command::{CitizenQuery, ContactReason, Practice, Role};
use super::ids::{MessageId, PersonId, RequestId, SedeCode, TopicCode};
use super::practice::{PracticeKind, PracticeNumber};
use super::registers::Citizen;

/// Names a draft, and the command it is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DraftId(pub Uuid);

impl DraftId {
    /// A draft sent twice is the same command twice.
    pub fn message_id(self) -> MessageId {
        MessageId::parse(&self.0.to_string()).expect("a UUID is visible ASCII")
    }
}

impl fmt::Display for DraftId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What was written so far. Its Debug is silent: nearly all of it is personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub role: Role,
    /// Whom it is for; none for a referent, and until one was found.
    #[serde(default)]
    pub citizen: Option<DraftCitizen>,
    /// Those to choose from, where several were found.
    #[serde(default)]
    pub candidates: Vec<DraftCitizen>,
    /// When the delegation was declared.
    #[serde(default)]
    pub delegated_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub reason: Option<ContactReason>,
    #[serde(default)]
    pub practice_kind: Option<PracticeKind>,
    #[serde(default)]
    pub practice_number: String,
    #[serde(default)]
    pub topic: Option<TopicCode>,
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub notes: String,
    #[serde(default)]
    pub files: Vec<StoredAttachment>,
    /// Chosen in place of the proposed one.
    #[serde(default)]
    pub sede: Option<SedeCode>,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// The citizen of a draft.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftCitizen {
    pub person_id: PersonId,
    #[serde(default)]
    pub codice_fiscale: Option<CodiceFiscale>,
    pub family_name: String,
    pub given_name: String,
    pub born_on: NaiveDate,
    pub birth_place: String,
    pub address: String,
}

impl From<&Citizen> for DraftCitizen {
    fn from(citizen: &Citizen) -> Self {
        Self {
            person_id: citizen.person_id.clone(),
            codice_fiscale: citizen.codice_fiscale.clone(),
            family_name: citizen.family_name.clone(),
            given_name: citizen.given_name.clone(),
            born_on: citizen.born_on,
            birth_place: citizen.birth_place.clone(),
            address: citizen.address.clone(),
        }
    }
}

impl DraftCitizen {
    /// MARIO BIANCHI
    pub fn full_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    pub fn code(&self) -> &str {
        self.codice_fiscale.as_ref().map_or("", CodiceFiscale::as_str)
    }

    /// A name for the person within one draft, that says nothing outside it.
    pub fn token(&self, draft: DraftId) -> String {
        use fmt::Write as _;

        let digest = Sha256::digest(format!("{draft}\n{}", self.person_id));
        digest.iter().take(8).fold(String::new(), |mut token, byte| {
            write!(token, "{byte:02x}").expect("a String takes everything");
            token
        })
    }

    /// The query that finds this person and no other.
    pub fn query(&self) -> CitizenQuery {
        CitizenQuery {
            codice_fiscale: self.codice_fiscale.clone(),
            person_id: Some(self.person_id.clone()),
            ..self.by_name()
        }
    }

    fn by_name(&self) -> CitizenQuery {
        let personal = |text: &str| Some(super::command::Personal(text.to_owned()));
        CitizenQuery {
            codice_fiscale: None,
            family_name: personal(&self.family_name),
            given_name: personal(&self.given_name),
            born_on: Some(self.born_on),
            person_id: None,
        }
    }
}

impl Draft {
    pub const fn new(role: Role) -> Self {
        Self {
            role,
            citizen: None,
            candidates: Vec::new(),
            delegated_at: None,
            reason: None,
            practice_kind: None,
            practice_number: String::new(),
            topic: None,
            text: String::new(),
            notes: String::new(),
            files: Vec::new(),
            sede: None,
        }
    }

    /// Another request of the same citizen: everything else is written anew, the delegation declared again.
    #[must_use]
    pub fn of_same_citizen(&self) -> Self {
        Self {
            citizen: self.citizen.clone(),
            ..Self::new(self.role)
        }
    }

    /// The same request for somebody else: practice and files are the first citizen's and stay behind.
    #[must_use]
    pub fn for_another_citizen(&self) -> Self {
        Self {
            reason: self.reason,
            topic: self.topic.clone(),
            text: self.text.clone(),
            notes: self.notes.clone(),
            ..Self::new(self.role)
        }
    }

    /// Whether a reference is asked for.
    pub fn needs_practice(&self) -> bool {
        match self.reason {
            Some(ContactReason::SolicitSubmitted | ContactReason::StatusOrRejection) => true,
            Some(ContactReason::AccessRequirements | ContactReason::RegulatoryClarification) | None => false,
        }
    }

    /// The practice, where one is asked for and was named.
    pub fn practice(&self) -> Option<Practice> {
        let kind = self.practice_kind.filter(|_| self.needs_practice())?;
        let number = PracticeNumber::parse(&self.practice_number).ok()?;
        Some(Practice { kind, number })
    }

    /// The body of `request.submit`, without what the session says.
    pub fn body(&self) -> Value {
        let files: Vec<Value> = self
            .files
            .iter()
            .map(|file| json!({ "name": file.name, "sha256": file.sha256 }))
            .collect();
        json!({
            "role": self.role,
            "citizen": self.citizen.as_ref().map(DraftCitizen::query),
            "delegation": self.delegated_at.map(|_| true),
            "reason": self.reason,
            "practice": self.practice(),
            "topic": self.topic,
            "text": self.text,
            "notes": Some(&self.notes).filter(|notes| !notes.trim().is_empty()),
            "sede": self.sede,
            "attachments": files,
        })
    }
}

/// A draft as a list shows it.
#[derive(Debug, Clone)]
pub struct KeptDraft {
    pub id: DraftId,
    pub draft: Draft,
    pub changed_at: DateTime<Utc>,
    /// What it became.
    pub request: Option<RequestId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            citizen: Some(DraftCitizen {
                person_id: "P1".parse().unwrap(),
                codice_fiscale: CodiceFiscale::parse("BNCMRA50A01H501U").ok(),
                family_name: "BIANCHI".to_owned(),
                given_name: "MARIO".to_owned(),
                born_on: NaiveDate::from_ymd_opt(1950, 1, 1).unwrap(),
                birth_place: "ROMA".to_owned(),
                address: "Via Roma 10".to_owned(),
            }),
            delegated_at: Some("2026-11-23T08:00:00Z".parse().unwrap()),
            reason: Some(ContactReason::StatusOrRejection),
            practice_kind: Some(PracticeKind::Pension),
            practice_number: "030010110000000".to_owned(),
            topic: Some("pensioni".parse().unwrap()),
            text: "Testo".to_owned(),
            ..Draft::new(Role::Operator)
        }
    }

    #[test]
    fn r_080_a_second_request_keeps_the_citizen_or_the_words_never_the_delegation() {
        let same = draft().of_same_citizen();
        assert!(same.citizen.is_some() && same.text.is_empty() && same.delegated_at.is_none());
        let other = draft().for_another_citizen();
        assert!(other.citizen.is_none() && other.text == "Testo" && other.delegated_at.is_none());
        assert!(other.practice().is_none());
    }

    #[test]
    fn r_054_a_reference_belongs_to_the_first_two_reasons() {
        let mut draft = draft();
        assert!(draft.practice().is_some());
        draft.reason = Some(ContactReason::AccessRequirements);
        assert_eq!(draft.body()["practice"], Value::Null);
    }

    #[test]
    fn a_token_says_nothing_of_the_person_and_differs_from_draft_to_draft() {
        let citizen = draft().citizen.unwrap();
        let (one, two) = (DraftId(Uuid::from_u128(1)), DraftId(Uuid::from_u128(2)));
        assert_ne!(citizen.token(one), citizen.token(two));
        assert_eq!(citizen.token(one).len(), 16);
    }
}

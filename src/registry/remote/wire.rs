//! What is said to a remote register and what it may answer: its types, and what they must agree with.

use chrono::NaiveDate;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};

use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::command::{CitizenQuery, Personal, Practice};
use crate::domain::ids::PersonId;
use crate::domain::place::{Cap, ComuneIstat};
use crate::domain::practice::HolderRole;
use crate::domain::registers::{Citizen, MAX_NAME, NameKey, PracticeRecord, RegisterName};
use crate::registry::Trouble;

/// Questions in one request.
pub(super) const MOST_QUESTIONS: usize = 100;
/// As many people to one question, as the local register finds at most.
const MOST_PEOPLE: usize = 100;

/// Everything asked at once.
#[derive(Serialize, JsonSchema)]
pub(super) struct Questions<'a, Q> {
    /// At most 100; none is a trial, to be answered by none.
    pub(super) questions: &'a [Q],
}

/// The answers, in the order of the questions.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Answers<A> {
    pub(super) answers: Vec<AnswerTo<A>>,
}

/// The answer to one question.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AnswerTo<A> {
    /// Everything that fits; empty when nothing does.
    Found(Vec<A>),
    /// This question cannot be answered now; it is asked again later.
    Error(Trouble),
}

/// A person who fits a query. By codice fiscale all its forms of omocodia fit; by name, case and accents do not count.
#[derive(Deserialize, JsonSchema)]
pub(super) struct CitizenFound {
    person_id: PersonId,
    #[serde(default)]
    codice_fiscale: Option<CodiceFiscale>,
    family_name: Personal,
    given_name: Personal,
    born_on: NaiveDate,
    birth_place: Personal,
    address: Personal,
    /// Without one (a residence abroad) no rule can route.
    #[serde(default)]
    cap: Option<Cap>,
    #[serde(default)]
    comune_istat: Option<ComuneIstat>,
}

/// Somebody who has to do with the practice.
#[derive(Deserialize, JsonSchema)]
pub(super) struct HolderFound {
    codice_fiscale: CodiceFiscale,
    holder_role: HolderRole,
}

/// Whether a query says enough to find anybody.
pub(super) const fn names(query: &CitizenQuery) -> bool {
    query.codice_fiscale.is_some()
        || (query.family_name.is_some() && query.given_name.is_some() && query.born_on.is_some())
}

/// The people of an answer; `None` where it speaks of others than were asked for, or of nobody who could be.
pub(super) fn citizens(query: &CitizenQuery, found: Vec<CitizenFound>) -> Option<Vec<Citizen>> {
    if found.len() > MOST_PEOPLE {
        return None;
    }
    let people: Option<Vec<Citizen>> = found.into_iter().map(citizen).collect();
    people.filter(|people| people.iter().all(|person| was_asked_for(person, query)))
}

fn citizen(found: CitizenFound) -> Option<Citizen> {
    let fits = |text: &Personal| text.0.chars().count() <= MAX_NAME * 2;
    let named = [&found.family_name, &found.given_name]
        .iter()
        .all(|name| NameKey::parse(&name.0).is_ok());
    if !named || !fits(&found.birth_place) || !fits(&found.address) {
        return None;
    }
    Some(Citizen {
        person_id: found.person_id,
        codice_fiscale: found.codice_fiscale,
        family_name: found.family_name.0,
        given_name: found.given_name.0,
        born_on: found.born_on,
        birth_place: found.birth_place.0,
        address: found.address.0,
        cap: found.cap,
        comune_istat: found.comune_istat,
    })
}

fn was_asked_for(citizen: &Citizen, query: &CitizenQuery) -> bool {
    if let Some(wanted) = &query.codice_fiscale {
        let own = citizen.codice_fiscale.as_ref();
        return own.is_some_and(|code| code.base() == wanted.base());
    }
    let same = |wanted: &Option<Personal>, name: &str| {
        let wanted = wanted.as_ref();
        wanted.is_some_and(|wanted| NameKey::of(&wanted.0) == NameKey::of(name))
    };
    same(&query.family_name, &citizen.family_name)
        && same(&query.given_name, &citizen.given_name)
        && query.born_on == Some(citizen.born_on)
}

pub(super) fn records(practice: &Practice, found: Vec<HolderFound>) -> Vec<PracticeRecord> {
    let record = |holder: HolderFound| PracticeRecord {
        kind: practice.kind,
        number: practice.number.clone(),
        codice_fiscale: holder.codice_fiscale,
        holder_role: holder.holder_role,
    };
    found.into_iter().map(record).collect()
}

/// A conversation with a register: what is sent, and what has to come back.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "written down in its schema only")]
struct Conversation<'a, Q, A> {
    /// The body of the POST.
    request: Questions<'a, Q>,
    /// The body of the answer, with status 200.
    response: Answers<A>,
}

/// The JSON Schema of the conversation with a register.
pub fn schema(register: RegisterName) -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = match register {
        RegisterName::Citizens => {
            generator.into_root_schema_for::<Conversation<'_, CitizenQuery, CitizenFound>>()
        }
        RegisterName::Practices => {
            generator.into_root_schema_for::<Conversation<'_, Practice, HolderFound>>()
        }
    };
    schema.to_value()
}

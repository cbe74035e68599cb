//! Whom an operator writes for, and about which practice. What is asked stands in the body, never in an address.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::caller::{Member, forbidden};
use super::trail::Trail;
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::command::{CitizenQuery, Personal, Practice, Role};
use crate::domain::ids::PersonId;
use crate::domain::person::Membership;
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registers::Citizen;
use crate::http::body::JsonBody;
use crate::http::problem::Problem;
use crate::registry::{NoAnswer, check_practice, choice, fitting, identify, nobody};

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/citizens/search",
            post_with(search, |op| {
                op.id("searchCitizens").tag("portal").summary("Who the citizen may be").description(
                    "By codice fiscale, in any form of omocodia, or by family name, given name and birth date. Where several are found, the operator has to choose: the `person_id` chosen goes into the request.",
                )
            }),
        )
        .api_route(
            "/practices/check",
            post_with(check, |op| {
                op.id("checkPractice").tag("portal").summary("Whether a practice is the citizen's").description(
                    "Refused with `practice_not_linked` or `practice_not_entitled`, in the words a request would be refused with.",
                )
            }),
        )
}

/// A citizen as an operator names one.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::http) struct Named {
    pub(in crate::http) codice_fiscale: Option<CodiceFiscale>,
    pub(in crate::http) family_name: Option<Personal>,
    pub(in crate::http) given_name: Option<Personal>,
    pub(in crate::http) born_on: Option<NaiveDate>,
    /// Settles which of several is meant.
    pub(in crate::http) person_id: Option<PersonId>,
}

impl From<Named> for CitizenQuery {
    fn from(named: Named) -> Self {
        Self {
            codice_fiscale: named.codice_fiscale,
            family_name: named.family_name,
            given_name: named.given_name,
            born_on: named.born_on,
            person_id: named.person_id,
        }
    }
}

/// Who was found.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct CitizensFound {
    pub(in crate::http) citizens: Vec<CitizenEntry>,
    /// What to tell the operator: that one of several has to be chosen, or that nobody was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) message: Option<String>,
}

/// A citizen, with what an operator tells one from another by.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct CitizenEntry {
    pub(in crate::http) person_id: PersonId,
    pub(in crate::http) codice_fiscale: Option<CodiceFiscale>,
    pub(in crate::http) family_name: Personal,
    pub(in crate::http) given_name: Personal,
    pub(in crate::http) born_on: NaiveDate,
    pub(in crate::http) birth_place: Personal,
    pub(in crate::http) address: Personal,
}

impl From<&Citizen> for CitizenEntry {
    fn from(citizen: &Citizen) -> Self {
        Self {
            person_id: citizen.person_id.clone(),
            codice_fiscale: citizen.codice_fiscale.clone(),
            family_name: Personal(citizen.family_name.clone()),
            given_name: Personal(citizen.given_name.clone()),
            born_on: citizen.born_on,
            birth_place: Personal(citizen.birth_place.clone()),
            address: Personal(citizen.address.clone()),
        }
    }
}

async fn search(
    State(api): State<Shared>,
    Member { membership, .. }: Member,
    trail: Trail,
    JsonBody(named): JsonBody<Named>,
) -> Result<Json<CitizensFound>, Problem> {
    only_operators(&membership)?;
    let query = CitizenQuery::from(named);
    let found = people(&api, &query).await?;
    let mut fitting = fitting(&found, &query).map_err(at_the_top)?;
    fitting.retain(|citizen| {
        query
            .person_id
            .as_ref()
            .is_none_or(|chosen| *chosen == citizen.person_id)
    });
    let message = match fitting.as_slice() {
        [] => Some(nobody(&query).to_owned()),
        [_] => None,
        [_, _, ..] => Some(choice(&query)),
    };
    trail.persons(fitting.iter().map(|citizen| citizen.person_id.clone()));
    let citizens = fitting.into_iter().map(CitizenEntry::from).collect();
    Ok(Json(CitizensFound { citizens, message }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PracticeQuestion {
    pub(in crate::http) citizen: Named,
    pub(in crate::http) practice: Practice,
}

/// The practice is the citizen's, who may ask about it.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct PracticeChecked {
    pub(in crate::http) practice: Practice,
    /// The person the practice was checked for.
    pub(in crate::http) person_id: PersonId,
}

async fn check(
    State(api): State<Shared>,
    Member { membership, .. }: Member,
    trail: Trail,
    JsonBody(question): JsonBody<PracticeQuestion>,
) -> Result<Json<PracticeChecked>, Problem> {
    only_operators(&membership)?;
    let query = CitizenQuery::from(question.citizen);
    let citizen = identify(&people(&api, &query).await?, &query)?;
    trail.persons([citizen.person_id.clone()]);
    let practice = question.practice;
    let asked = std::slice::from_ref(&practice);
    let records = one(api.people.practices.find_practices(asked).await?)?;
    check_practice(&records, &practice, &citizen)?;
    Ok(Json(PracticeChecked {
        practice,
        person_id: citizen.person_id,
    }))
}

/// Referents write for themselves.
fn only_operators(membership: &Membership) -> Result<(), Problem> {
    if membership.may_act_as(Role::Operator) {
        return Ok(());
    }
    Err(forbidden("for operators only"))
}

/// Everybody the register finds for a query.
pub(in crate::http) async fn people(api: &Shared, query: &CitizenQuery) -> Result<Vec<Citizen>, Problem> {
    let asked = std::slice::from_ref(query);
    one(api.people.citizens.find_citizens(asked).await?)
}

pub(in crate::http) fn one<T>(answers: Vec<Result<Vec<T>, NoAnswer>>) -> Result<Vec<T>, Problem> {
    let answer = answers.into_iter().next();
    Ok(answer.unwrap_or_else(|| Ok(Vec::new()))?)
}

/// Here the citizen is the whole body.
fn at_the_top(refusal: Refusal) -> Refusal {
    match refusal.code {
        RefusalCode::InvalidBody => Refusal::new(refusal.code, refusal.message).at(""),
        _ => refusal,
    }
}

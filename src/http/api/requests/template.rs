//! "Nuova richiesta per il medesimo utente" and "la medesima richiesta per un altro utente": the body of a
//! submission to go on with.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::command::{ContactReason, Personal, Role};
use crate::domain::event::EventKind;
use crate::domain::ids::{PersonId, TopicCode};
use crate::domain::request::{HistoryEntry, Request};
use crate::http::api::Shared;
use crate::http::api::caller::Member;
use crate::http::api::path::{OfRequest, unknown};
use crate::http::api::query::ApiQuery;
use crate::http::api::trail::Trail;
use crate::http::problem::Problem;
use crate::store::Viewer;

/// For whom the next request is.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum For {
    /// Another request of this citizen.
    SameCitizen,
    /// This request, for somebody else.
    AnotherCitizen,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TemplateQuery {
    #[serde(rename = "for")]
    pub(in crate::http) whom: For,
}

/// The beginning of a `request.submit` body. What is missing has to be said anew: the delegation always, and what
/// belongs to the first citizen (practice and files) where it is for another.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Template {
    pub(in crate::http) role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) citizen: Option<TemplateCitizen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) reason: Option<ContactReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) topic: Option<TopicCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) text: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) notes: Option<Personal>,
}

/// The citizen, named so that no choice is left.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct TemplateCitizen {
    pub(in crate::http) person_id: PersonId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) codice_fiscale: Option<CodiceFiscale>,
    pub(in crate::http) family_name: Personal,
    pub(in crate::http) given_name: Personal,
    pub(in crate::http) born_on: chrono::NaiveDate,
}

pub(super) async fn template(
    State(api): State<Shared>,
    Member { person, .. }: Member,
    trail: Trail,
    OfRequest(id): OfRequest,
    ApiQuery(query): ApiQuery<TemplateQuery>,
) -> Result<Json<Template>, Problem> {
    let mut question = api.store.ask(&Viewer::person(&person)).await?;
    let request = question.request(id).await?.ok_or_else(unknown)?.request;
    let history = question.history(id).await?;
    if request.citizen.is_none() {
        return Err(Problem::new(StatusCode::CONFLICT)
            .code("state_conflict")
            .detail("Un quesito del referente non è per conto di un cittadino."));
    }
    trail.persons(request.citizen.as_ref().map(|citizen| citizen.person_id.clone()));
    Ok(Json(match query.whom {
        For::SameCitizen => of_same_citizen(&request),
        For::AnotherCitizen => for_another(&request, &history),
    }))
}

fn of_same_citizen(request: &Request) -> Template {
    let citizen = request.citizen.as_ref().map(|citizen| TemplateCitizen {
        person_id: citizen.person_id.clone(),
        codice_fiscale: citizen.codice_fiscale.clone(),
        family_name: citizen.family_name.clone(),
        given_name: citizen.given_name.clone(),
        born_on: citizen.born_on,
    });
    Template {
        role: request.role,
        citizen,
        reason: None,
        topic: None,
        text: None,
        notes: None,
    }
}

fn for_another(request: &Request, history: &[HistoryEntry]) -> Template {
    let first = history.iter().find(|entry| entry.kind == EventKind::Submitted);
    Template {
        role: request.role,
        citizen: None,
        reason: Some(request.reason),
        topic: Some(request.topic.clone()),
        text: first.and_then(|entry| entry.details.text.clone()),
        notes: first.and_then(|entry| entry.details.notes.clone()),
    }
}

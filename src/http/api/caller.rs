//! Who calls: extractors that turn a bearer token into a person of the wanted capacity, or a 401 or 403.

use std::time::Duration;

use aide::OperationInput;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use super::Shared;
use super::trail::Trail;
use crate::domain::ids::SedeCode;
use crate::domain::person::{Capacity, Membership, Person};
use crate::http::problem::Problem;
use crate::identity::Denied;

/// How long an issuer that is away is given before its tokens are worth sending again.
const ISSUER_PAUSE: Duration = Duration::from_secs(5);

/// Anybody whose token is believed.
#[derive(Debug, Clone)]
pub(in crate::http) struct Caller(pub(in crate::http) Person);

/// Somebody of a patronato.
#[derive(Debug, Clone)]
pub(in crate::http) struct Member {
    pub(in crate::http) person: Person,
    pub(in crate::http) membership: Membership,
}

/// Somebody of a sede or desk.
#[derive(Debug, Clone)]
pub(in crate::http) struct Official {
    pub(in crate::http) person: Person,
    pub(in crate::http) sede: SedeCode,
}

/// Somebody who runs the engine.
#[derive(Debug, Clone)]
pub(in crate::http) struct Manager(pub(in crate::http) Person);

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Result<Self, Problem> {
        let token = bearer(parts).ok_or_else(|| unauthorized("send a bearer token"))?;
        match api.authority.authenticate(token).await {
            Ok(person) => {
                Trail::of(parts).caller(&person);
                api.rate_limits.of_person(&person)?;
                Ok(Self(person))
            }
            Err(denied @ Denied::Invalid(_)) => Err(unauthorized(&denied.to_string())),
            Err(denied @ Denied::NoAccess(_)) => Err(forbidden(&denied.to_string())),
            Err(denied @ Denied::Unavailable) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                .detail(denied.to_string())
                .retry_after(ISSUER_PAUSE)),
        }
    }
}

impl FromRequestParts<Shared> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Result<Self, Problem> {
        let Caller(person) = Caller::from_request_parts(parts, api).await?;
        match &person.capacity {
            Capacity::Patronato(membership) => Ok(Self {
                membership: membership.clone(),
                person,
            }),
            Capacity::Sede { .. } | Capacity::Manager => Err(forbidden("for people of a patronato only")),
        }
    }
}

impl FromRequestParts<Shared> for Official {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Result<Self, Problem> {
        let Caller(person) = Caller::from_request_parts(parts, api).await?;
        match &person.capacity {
            Capacity::Sede { sede } => Ok(Self {
                sede: sede.clone(),
                person,
            }),
            Capacity::Patronato(_) | Capacity::Manager => Err(forbidden("for people of a sede only")),
        }
    }
}

impl FromRequestParts<Shared> for Manager {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Result<Self, Problem> {
        let Caller(person) = Caller::from_request_parts(parts, api).await?;
        match &person.capacity {
            Capacity::Manager => Ok(Self(person)),
            Capacity::Patronato(_) | Capacity::Sede { .. } => {
                Err(forbidden("for those who run the engine only"))
            }
        }
    }
}

impl OperationInput for Caller {}
impl OperationInput for Member {}
impl OperationInput for Official {}
impl OperationInput for Manager {}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED)
        .code("unauthorized")
        .detail(detail)
}

pub(in crate::http) fn forbidden(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN)
        .code("forbidden")
        .detail(detail)
}

//! Ids in paths. One that is no id names nothing, so it is answered like one that names nothing: 404.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::ids::RequestId;
use crate::http::problem::Problem;

/// The `{id}` of a path: a request.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct OfRequest(pub(in crate::http) RequestId);

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct RequestPath {
    /// The request.
    pub(in crate::http) id: RequestId,
}

impl<S: Send + Sync> FromRequestParts<S> for OfRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<RequestPath>::from_request_parts(parts, state).await;
        path.map(|Path(path)| Self(path.id)).map_err(|_| unknown())
    }
}

impl OperationInput for OfRequest {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Path::<RequestPath>::operation_input(ctx, operation);
    }
}

/// The request does not exist, or is not the caller's to see: the same answer for both.
pub(in crate::http) fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND)
        .code("request_unknown")
        .detail("La richiesta non esiste o non è del tuo ufficio.")
}

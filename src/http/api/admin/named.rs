//! Names and numbers in paths. One that is none names nothing: 404.

use std::str::FromStr;

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;

use super::unknown;
use crate::http::problem::Problem;

/// The `{id}` of a path: what it names, parsed.
#[derive(Debug, Clone)]
pub(super) struct Named<T>(pub(super) T);

#[derive(Deserialize, JsonSchema)]
struct NamedPath {
    id: String,
}

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<NamedPath>::from_request_parts(parts, state).await;
        path.ok()
            .and_then(|Path(path)| path.id.parse().ok())
            .map(Self)
            .ok_or_else(|| unknown("thing"))
    }
}

impl<T> OperationInput for Named<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Path::<NamedPath>::operation_input(ctx, operation);
    }
}

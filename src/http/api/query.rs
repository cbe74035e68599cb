//! The part of an address after `?`, refused as problem details.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::http::problem::Problem;

/// What is asked for, by name.
#[derive(Debug, Clone)]
pub(in crate::http) struct ApiQuery<T>(pub(in crate::http) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(pairs)
            .map(Self)
            .map_err(|error| {
                let name = error.path().to_string();
                let why = error.into_inner().to_string();
                let name = Some(name).filter(|name| name != "." && name != "?");
                // Of one that is missing or there twice only the message has the name.
                let name = name.or_else(|| why.split('`').nth(1).map(str::to_owned));
                invalid(&name.unwrap_or_default(), &why)
            })
    }
}

/// What is wrong with a parameter (or a header that asks like one).
pub(in crate::http) fn invalid(parameter: &str, why: &str) -> Problem {
    Problem::unread().code("invalid_query").field(parameter, why)
}

impl<T: JsonSchema> OperationInput for ApiQuery<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Query::<T>::operation_input(ctx, operation);
    }
}

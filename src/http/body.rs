//! JSON bodies, refused as problem details with a pointer to what is wrong.

use std::error::Error;

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower_http::timeout::TimeoutError;

use super::problem::Problem;
use crate::domain::dead_letter::DeadLetterReason;

/// The JSON body of a request.
#[derive(Debug, Clone)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        plain(request.headers())?;
        parse(&whole(request, state).await?).map(Self)
    }
}

impl<T: JsonSchema> OperationInput for JsonBody<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        axum::Json::<T>::operation_input(ctx, operation);
    }
}

/// All of a body that is no longer than it may be.
pub(super) async fn whole<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            too_long()
        } else {
            broke_off(&rejection)
        }
    })
}

pub(super) fn too_long() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE).detail("the body is longer than is read here")
}

/// A body that did not come to its end: its sender fell silent, or went away.
pub(super) fn broke_off(error: &(dyn Error + 'static)) -> Problem {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    if causes.any(|cause| cause.downcast_ref::<TimeoutError>().is_some()) {
        return Problem::new(StatusCode::REQUEST_TIMEOUT).detail("nothing more of the body came in time");
    }
    Problem::unread().detail("the body broke off")
}

pub(super) fn not_json() -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE).detail("send application/json")
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .eq_ignore_ascii_case("application/json")
        })
}

/// RFC 9110, 15.5.16: a coding that is not undone here is an unsupported media type.
pub(super) fn plain(headers: &HeaderMap) -> Result<(), Problem> {
    let coding = headers.get(header::CONTENT_ENCODING);
    if coding.is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        .code(DeadLetterReason::WrongContentEncoding.as_str())
        .detail("send it without a content-encoding"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let problem = Problem::unread();
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("not JSON: line {}, column {}", error.line(), error.column());
        problem
            .clone()
            .code(DeadLetterReason::InvalidJson.as_str())
            .detail(place)
    })?;
    // serde would read the fields of a struct from a list as well.
    if !value.is_object() {
        return Err(problem.field("", "expected an object"));
    }
    serde_path_to_error::deserialize(value)
        .map_err(|error| problem.field(json_pointer(error.path()), error.into_inner().to_string()))
}

/// What is wrong with a member of a body that could be read.
pub(super) fn invalid(member: &str, why: &str) -> Problem {
    Problem::unread().field(format!("/{member}"), why)
}

/// RFC 6901: `~` and `/` inside a name are escaped.
fn json_pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        pointer.push_str(&segment.to_string().replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

//! JSON bodies, refused as problem details with a pointer to what is wrong.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::Problem;

/// The JSON body of a request.
#[derive(Debug, Clone)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        if !is_json(request.headers()) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE).detail("send application/json"));
        }
        let bytes = axum::body::Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE))?;
        parse(&bytes).map(Self)
    }
}

impl<T: JsonSchema> OperationInput for JsonBody<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        axum::Json::<T>::operation_input(ctx, operation);
    }
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

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let problem = Problem::new(StatusCode::BAD_REQUEST).code("invalid_body");
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        problem.clone().detail(format!(
            "not JSON: line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    // serde would read the fields of a struct from a list as well.
    if !value.is_object() {
        return Err(problem.field("", "expected an object"));
    }
    serde_path_to_error::deserialize(value)
        .map_err(|error| problem.field(json_pointer(error.path()), error.into_inner().to_string()))
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

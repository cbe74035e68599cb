//! Which problems an operation may answer with: they follow from what it reads, so no route lists them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::schemas::operations;
use crate::http::problem::Problem;

const KIND: &str = "application/problem+json";

/// A problem every operation of a kind may answer with.
struct Cause {
    status: StatusCode,
    meaning: &'static str,
    applies: fn(path: &str, operation: &Value) -> bool,
}

const CAUSES: [Cause; 11] = [
    Cause {
        status: StatusCode::UNAUTHORIZED,
        meaning: "No token, or one that is not believed.",
        applies: |_, _| true,
    },
    Cause {
        status: StatusCode::FORBIDDEN,
        meaning: "Not for this profile, role or sede.",
        applies: |_, _| true,
    },
    Cause {
        status: StatusCode::NOT_FOUND,
        meaning: "There is none, or it is not the caller's to see.",
        applies: |path, _| path.contains('{'),
    },
    Cause {
        status: StatusCode::REQUEST_TIMEOUT,
        meaning: "Nothing more of the body came in time.",
        applies: |_, operation| has_body(operation),
    },
    Cause {
        status: StatusCode::CONFLICT,
        meaning: "Not now: the rules of the request or another change stand against it; `why` and `available_from` \
                  say when.",
        applies: |path, operation| has_body(operation) || path.contains('{'),
    },
    Cause {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        meaning: "Too large.",
        applies: |_, operation| has_body(operation),
    },
    Cause {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        meaning: "Not in a media type that is read here.",
        applies: |_, operation| has_body(operation),
    },
    Cause {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        meaning: "Not to be read, or understood and refused: `code` says why, `fields` where.",
        applies: |path, operation| has_body(operation) || has_parameters(path, operation),
    },
    Cause {
        status: StatusCode::TOO_MANY_REQUESTS,
        meaning: "Too many requests; `Retry-After` says when to go on.",
        applies: |_, _| true,
    },
    Cause {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        meaning: "A fault of the engine.",
        applies: |_, _| true,
    },
    Cause {
        status: StatusCode::SERVICE_UNAVAILABLE,
        meaning: "The node is starting or stopping, or something it needs is away: ask again.",
        applies: |_, _| true,
    },
];

fn has_body(operation: &Value) -> bool {
    operation.get("requestBody").is_some()
}

fn has_parameters(path: &str, operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array().map_or(0, Vec::len);
    parameters > path.matches('{').count()
}

/// Writes them into every operation, in the place of its default response.
pub(super) fn add(document: &mut Value) {
    let mut shared = serde_json::Map::new();
    for (path, _, operation) in operations(document) {
        let Some(content) = operation["responses"]["default"].get("content").cloned() else {
            continue;
        };
        let causes: Vec<_> = CAUSES
            .iter()
            .filter(|cause| (cause.applies)(path, operation))
            .collect();
        for cause in causes {
            let name = format!("Problem{}", cause.status.as_u16());
            let responses = &mut operation["responses"];
            if responses.get(cause.status.as_str()).is_none() {
                responses[cause.status.as_str()] =
                    json!({ "$ref": format!("#/components/responses/{name}") });
            }
            let mut content = content.clone();
            content[KIND]["example"] = json!(Problem::new(cause.status).detail(cause.meaning));
            shared.insert(name, json!({ "description": cause.meaning, "content": content }));
        }
        if let Some(responses) = operation["responses"].as_object_mut() {
            responses.remove("default");
        }
    }
    document["components"]["responses"] = Value::Object(shared);
}

//! How a command stands that was taken in and not decided at once: by its idempotency key, without what it said.

use aide::OperationInput;
use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::dependency::Dependency;
use crate::domain::ids::{MessageId, RequestId};
use crate::domain::refusal::RefusalCode;
use crate::http::api::caller::{Caller, forbidden};
use crate::http::api::{ROOT, Shared};
use crate::http::problem::Problem;
use crate::store::Outcome;

pub(super) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new().api_route(
        "/commands/{key}",
        get_with(status, |op| {
            op.id("getCommand")
                .tag("portal")
                .tag("sede")
                .summary("How a command stands")
                .description(
                    "By its Idempotency-Key, or the message_id it had over AMQP. Sending the command again tells the \
                     whole answer.",
                )
        }),
    )
}

/// Where the command with this key tells how it stands.
pub(super) fn location(key: &MessageId) -> String {
    let mut path = url::Url::parse("http://usciere/").expect("a valid URL");
    if let Ok(mut segments) = path.path_segments_mut() {
        segments.pop().push("commands").push(key.as_str());
    }
    format!("{ROOT}{}", path.path())
}

/// How a command stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum CommandState {
    /// Taken in; decided once what it needs answers.
    Waiting,
    Done,
    Refused,
}

/// A command by its key.
#[derive(Debug, Serialize, JsonSchema)]
struct CommandStatus {
    state: CommandState,
    /// The request it opened, changed, or will open.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
    /// What it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<Dependency>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<RefusalCode>,
}

/// The `{key}` of a path. One that is no key names nothing.
struct OfCommand(MessageId);

#[derive(Deserialize, JsonSchema)]
struct CommandPath {
    /// The `Idempotency-Key` or `message_id` of the command.
    key: MessageId,
}

impl<S: Send + Sync> FromRequestParts<S> for OfCommand {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<CommandPath>::from_request_parts(parts, state).await;
        path.map(|Path(path)| Self(path.key)).map_err(|_| unknown())
    }
}

impl OperationInput for OfCommand {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Path::<CommandPath>::operation_input(ctx, operation);
    }
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND)
        .code("command_unknown")
        .detail("no command came under this key, or it is not yours")
}

async fn status(
    State(api): State<Shared>,
    Caller(person): Caller,
    OfCommand(key): OfCommand,
) -> Result<Json<CommandStatus>, Problem> {
    let source = person
        .source()
        .ok_or_else(|| forbidden("for people who send commands only"))?;
    // Parked first: what is decided in between is found as decided, never lost between the two.
    if let Some((request, register)) = api.store.parked(&source, &key).await? {
        return Ok(Json(CommandStatus {
            state: CommandState::Waiting,
            request_id: Some(request),
            waits_for: Some(register),
            code: None,
        }));
    }
    let seen = api.store.outcome_of(&source, &key).await?.ok_or_else(unknown)?;
    let code = seen
        .answer
        .as_ref()
        .and_then(|answer| RefusalCode::from_word(answer.read::<Value>()?.get("code")?.as_str()?));
    Ok(Json(match seen.outcome {
        Outcome::Done => CommandStatus {
            state: CommandState::Done,
            request_id: seen.request,
            waits_for: None,
            code: None,
        },
        Outcome::Refused => CommandStatus {
            state: CommandState::Refused,
            request_id: seen.request,
            waits_for: None,
            code,
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_any_characters_is_one_segment_of_the_path() {
        let location = |key: &str| location(&MessageId::parse(key).unwrap());
        assert_eq!(location("0199-a"), "/api/v1/commands/0199-a");
        assert_eq!(location("a/b?c#d%"), "/api/v1/commands/a%2Fb%3Fc%23d%25");
    }
}

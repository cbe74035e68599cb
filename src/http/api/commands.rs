//! Commands over HTTP: the body of the message without what the path and the token already say.
//!
//! What a body says twice must agree with its path and its token. The command then enters the engine's door like any
//! other, and the answer is what the sender would be told over AMQP.

mod answer;
mod complete;
mod status;

use aide::OperationInput;
use aide::axum::ApiRouter;
use aide::axum::routing::{ApiMethodRouter, post_with};
use aide::transform::TransformOperation;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

use super::Shared;
use super::caller::{Caller, forbidden};
use super::path::OfRequest;
use super::trail::Trail;
use crate::amqp::{BodyFault, decode_body};
use crate::domain::command::{BodyHash, CommandKind, Content, Envelope};
use crate::domain::ids::{MessageId, RequestId};
use crate::domain::person::Person;
use crate::domain::trace::TraceParent;
use crate::engine::{Handled, Item};
use crate::http::body::is_json;
use crate::http::problem::Problem;
use answer::Answered;

/// Every command with its path.
const PATHS: [(CommandKind, &str); 15] = [
    (CommandKind::Submit, "/requests"),
    (CommandKind::Message, "/requests/{id}/messages"),
    (CommandKind::Attach, "/requests/{id}/attachments"),
    (CommandKind::Solicit, "/requests/{id}/solicits"),
    (CommandKind::Book, "/requests/{id}/appointments"),
    (CommandKind::Take, "/requests/{id}/take"),
    (CommandKind::Release, "/requests/{id}/release"),
    (CommandKind::Assign, "/requests/{id}/assign"),
    (CommandKind::Transfer, "/requests/{id}/transfer"),
    (CommandKind::Reply, "/requests/{id}/reply"),
    (CommandKind::Close, "/requests/{id}/close"),
    (
        CommandKind::EnableAppointment,
        "/requests/{id}/enable-appointment",
    ),
    (CommandKind::Note, "/requests/{id}/notes"),
    (
        CommandKind::ConfirmAppointment,
        "/requests/{id}/appointments/confirm",
    ),
    (
        CommandKind::CancelAppointment,
        "/requests/{id}/appointments/cancel",
    ),
];

pub(super) fn routes() -> ApiRouter<Shared> {
    PATHS.into_iter().fold(status::routes(), |router, (kind, path)| {
        router.api_route(path, route(kind))
    })
}

fn route(kind: CommandKind) -> ApiMethodRouter<Shared> {
    if kind == CommandKind::Submit {
        let handler = move |State(api): State<Shared>, Caller(person): Caller, trail: Trail, sent: Sent| async move {
            carry_out(&api, &person, &trail, kind, None, sent).await
        };
        post_with(handler, |operation| document(kind, operation))
    } else {
        let handler = move |State(api): State<Shared>,
                            Caller(person): Caller,
                            OfRequest(request): OfRequest,
                            trail: Trail,
                            sent: Sent| async move {
            carry_out(&api, &person, &trail, kind, Some(request), sent).await
        };
        post_with(handler, |operation| document(kind, operation))
    }
}

fn document(kind: CommandKind, operation: TransformOperation<'_>) -> TransformOperation<'_> {
    let id = kind.as_str().replace('.', "_");
    operation
        .id(&id)
        .tag(if kind.is_of_portal() { "portal" } else { "sede" })
        .summary(kind.as_str())
}

/// A body as it was sent, and its idempotency key.
struct Sent {
    body: Bytes,
    key: Option<MessageId>,
    trace: Option<TraceParent>,
}

impl FromRequest<Shared> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, Problem> {
        let key = idempotency_key(request.headers())?;
        let trace = request.headers().get("traceparent");
        let trace = trace.and_then(|value| TraceParent::parse(value.to_str().ok()?));
        let has_body = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .is_none_or(|length| length != "0");
        if has_body && !is_json(request.headers()) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE).detail("send application/json"));
        }
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE))?;
        Ok(Self { body, key, trace })
    }
}

impl OperationInput for Sent {}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<MessageId>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    // A structured header is quoted; the key is what stands inside.
    let text = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    MessageId::parse(text).map(Some).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST)
            .code("invalid_body")
            .field("Idempotency-Key", error.to_string())
    })
}

/// Puts a command into the engine's door and answers with what became of it, committed.
async fn carry_out(
    api: &Shared,
    person: &Person,
    trail: &Trail,
    kind: CommandKind,
    request: Option<RequestId>,
    sent: Sent,
) -> Result<Answered, Problem> {
    let source = person
        .source()
        .filter(|source| kind.is_of_portal() == matches!(source, crate::domain::ids::Source::Portal(_)))
        .ok_or_else(|| forbidden("this command is not for your profile"))?;
    let body_hash = hash(kind, request, &sent.body);
    let body = complete::complete(&sent.body, kind, request, person)?;
    let content = match decode_body(kind, &body) {
        Ok(command) => Content::Command(command),
        Err(BodyFault::Refused(refusal)) => Content::Invalid { kind, refusal },
        Err(BodyFault::Unreadable(fault)) => return Err(answer::unreadable(&fault)),
    };
    let message_id = sent.key.map_or_else(|| new_key(api), Ok)?;
    let envelope = Arc::new(Envelope {
        source,
        message_id: message_id.clone(),
        body_hash,
        trace_parent: sent.trace,
        request_id: request,
        content,
    });
    let item = Item::Command {
        envelope: Arc::clone(&envelope),
        original: None,
    };
    let door = api.door.clone();
    // Spawned: the command is worked to its end even if the client hangs up.
    let handled = tokio::spawn(async move { door.ask(item).await });
    match handled.await {
        Ok(Some(handled)) => {
            note(trail, &handled);
            answer::answer(api, person, kind, &message_id, handled).await
        }
        Ok(None) | Err(_) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE)
            .detail("the engine is stopping: send it again with the same Idempotency-Key")),
    }
}

/// A command that was decided stands in the audit already; one that only was told its outcome again does not.
fn note(trail: &Trail, handled: &Handled) {
    match handled {
        Handled::Done { .. } | Handled::Refused(_) => trail.settled(),
        Handled::Repeated { request, .. } => trail.requests(*request),
        Handled::Parked { request, .. } => trail.requests([*request]),
        Handled::DeadLettered(_) => {}
    }
}

fn new_key(api: &Shared) -> Result<MessageId, Problem> {
    MessageId::parse(&api.clock.new_id().to_string())
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR))
}

/// The same path and bytes are the same command, whatever the token says besides.
fn hash(kind: CommandKind, request: Option<RequestId>, body: &[u8]) -> BodyHash {
    let mut hasher = Sha256::new();
    hasher.update(kind.as_str());
    hasher.update(request.map(|id| id.to_string()).unwrap_or_default());
    hasher.update(body);
    BodyHash(hasher.finalize().into())
}

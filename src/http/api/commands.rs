//! Commands over HTTP: the body of the message without what the path and the token already say.
//!
//! What a body says twice must agree with its path and its token. The command then enters the engine's door like any
//! other, and the answer is what the sender would be told over AMQP.

mod answer;
mod complete;
mod document;
mod status;

use std::sync::Arc;
use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::{ApiMethodRouter, post_with};
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as Documented, StatusCode as StatusCodePattern};
use aide::{OperationInput, OperationOutput};
use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::Shared;
use super::caller::{Caller, forbidden};
use super::path::OfRequest;
use super::trail::Trail;
use crate::amqp::{BodyFault, decode_body};
use crate::domain::command::{BodyHash, CommandKind, Content, Envelope};
use crate::domain::ids::{MessageId, RequestId, Source};
use crate::domain::person::{Capacity, Person};
use crate::domain::trace::TraceParent;
use crate::engine::{Handled, Item};
use crate::http::body::{is_json, not_json, plain, whole};
use crate::http::problem::Problem;
pub(in crate::http) use answer::Answered;
use document::document;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// When a command that could not be waited for may be sent again.
const RETRY: Duration = Duration::from_secs(2);

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

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    PATHS.into_iter().fold(status::routes(), |router, (kind, path)| {
        router.api_route(path, route(kind))
    })
}

fn route(kind: CommandKind) -> ApiMethodRouter<Shared> {
    if kind == CommandKind::Submit {
        let handler = move |State(api): State<Shared>, Caller(person): Caller, trail: Trail, sent: Sent| async move {
            answer_command(&api, &person, &trail, kind, None, sent).await
        };
        post_with(handler, |operation| document(kind, operation))
    } else {
        let handler = move |State(api): State<Shared>,
                            Caller(person): Caller,
                            OfRequest(request): OfRequest,
                            trail: Trail,
                            sent: Sent| async move {
            answer_command(&api, &person, &trail, kind, Some(request), sent).await
        };
        post_with(handler, |operation| document(kind, operation))
    }
}

/// A body as it was sent, and its idempotency key.
pub(in crate::http) struct Sent {
    pub(in crate::http) body: Bytes,
    /// Its own, or one that was made for it.
    pub(in crate::http) key: MessageId,
    pub(in crate::http) trace: Option<TraceParent>,
}

impl FromRequest<Shared> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, Problem> {
        let key = idempotency_key(request.headers())?.map_or_else(|| new_key(state), Ok)?;
        let trace = request.headers().get("traceparent");
        let trace = trace.and_then(|value| TraceParent::parse(value.to_str().ok()?));
        if !request.body().is_end_stream() && !is_json(request.headers()) {
            return Err(not_json());
        }
        plain(request.headers())?;
        let body = whole(request, state).await?;
        Ok(Self { body, key, trace })
    }
}

impl OperationInput for Sent {}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<MessageId>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    // A structured header is quoted; the key is what stands inside.
    let text = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    MessageId::parse(text)
        .map(Some)
        .map_err(|error| Problem::unread().field("Idempotency-Key", error.to_string()))
}

/// The answer to a command, and the key under which it can be asked for again.
pub(in crate::http) struct Keyed {
    pub(in crate::http) key: MessageId,
    pub(in crate::http) answer: Result<Answered, Problem>,
}

impl IntoResponse for Keyed {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Ok(key) = HeaderValue::from_str(self.key.as_str()) {
            response.headers_mut().insert(IDEMPOTENCY_KEY, key);
        }
        response
    }
}

impl OperationOutput for Keyed {
    type Inner = <Answered as OperationOutput>::Inner;

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        Answered::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<StatusCodePattern>, Documented)> {
        Answered::inferred_responses(ctx, operation)
    }
}

async fn answer_command(
    api: &Shared,
    person: &Person,
    trail: &Trail,
    kind: CommandKind,
    request: Option<RequestId>,
    sent: Sent,
) -> Keyed {
    let key = sent.key.clone();
    let answer = carry_out(api, person, trail, kind, request, sent).await;
    Keyed { key, answer }
}

/// Puts a command into the engine's door and answers with what became of it, committed.
pub(in crate::http) async fn carry_out(
    api: &Shared,
    person: &Person,
    trail: &Trail,
    kind: CommandKind,
    request: Option<RequestId>,
    sent: Sent,
) -> Result<Answered, Problem> {
    let source = person
        .source()
        .filter(|source| kind.is_of_portal() == matches!(source, Source::Portal(_)))
        .ok_or_else(|| forbidden("this command is not for your profile"))?;
    let body = complete::complete(&sent.body, kind, request, person)?;
    let content = match decode_body(kind, &body) {
        Ok(command) => Content::Command(command),
        Err(BodyFault::Refused(refusal)) => Content::Invalid { kind, refusal },
        Err(BodyFault::Unreadable(fault)) => return Err(answer::unreadable(&fault)),
    };
    let key = sent.key.clone();
    let item = Item::Command {
        envelope: Arc::new(Envelope {
            source,
            message_id: sent.key,
            body_hash: hash(person, kind, request, &sent.body),
            trace_parent: sent.trace,
            request_id: request,
            content,
        }),
        original: None,
    };
    let door = api.door.clone();
    // Spawned: the command is worked to its end even if the client hangs up or is told to come back.
    let handling = tokio::spawn(async move { door.ask(item).await });
    match tokio::time::timeout(api.patience, handling).await {
        Ok(Ok(Some(handled))) => {
            note(trail, &handled);
            answer::answer(api, person, kind, &key, handled).await
        }
        Ok(Ok(None) | Err(_)) => Err(again("the engine is stopping")),
        Err(_) => Err(again("it is not decided yet")),
    }
}

fn again(why: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE)
        .detail(format!(
            "{why}: send it again with the Idempotency-Key of this answer"
        ))
        .retry_after(RETRY)
}

/// A command that was decided stands in the audit already; one that only was told its outcome again does not.
fn note(trail: &Trail, handled: &Handled) {
    match handled {
        Handled::Done { .. } | Handled::Refused(_) => trail.settled(),
        Handled::Repeated { request, .. } => trail.requests(*request),
        Handled::Parked { request, .. } => trail.requests([*request]),
        Handled::DeadLettered { .. } => {}
    }
}

fn new_key(api: &Shared) -> Result<MessageId, Problem> {
    MessageId::parse(&api.clock.new_id().to_string())
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR))
}

/// The same path and bytes of the same person are the same command, whatever the token says besides. Keys are one space
/// for all of a patronato or sede, as message ids are; without the person in it, who guesses a colleague's key and
/// repeats his words would be given his answer.
fn hash(person: &Person, kind: CommandKind, request: Option<RequestId>, body: &[u8]) -> BodyHash {
    let office = match &person.capacity {
        Capacity::Patronato(member) => member.office.as_str(),
        Capacity::Sede { .. } | Capacity::Manager => "",
    };
    let mut hasher = Sha256::new();
    for part in [person.id.as_str(), office, kind.as_str()] {
        hasher.update(part);
        hasher.update("\n");
    }
    hasher.update(request.map(|id| id.to_string()).unwrap_or_default());
    hasher.update(body);
    BodyHash(hasher.finalize().into())
}

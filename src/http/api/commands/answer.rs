//! What became of a command, as HTTP says it (CONTRACT.md 2, "Status").

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as DocumentedResponse};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::domain::case::Case;
use crate::domain::command::CommandKind;
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::dependency::Dependency;
use crate::domain::ids::{MessageId, RequestId};
use crate::domain::person::Person;
use crate::engine::Handled;
use crate::http::api::Shared;
use crate::http::problem::Problem;
use crate::store::{Answer, Listed, Outcome, Viewer};
use crate::workflow::{Offer, offers};

/// A command that was carried out, or taken in.
pub(in crate::http) struct Answered {
    pub(in crate::http) status: StatusCode,
    pub(in crate::http) location: Option<String>,
    pub(in crate::http) body: Carried,
}

/// Seconds after which it is worth asking again for a command that waits.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// What a command did, and what is possible now.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Carried {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) request_id: Option<RequestId>,
    /// The event the portal is told, such as `request.accepted`; its body's members stand beside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) event: Option<String>,
    /// Status 202: what has to answer before the command is decided. `Location` tells how it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) waits_for: Option<Dependency>,
    #[serde(flatten)]
    pub(in crate::http) told: Value,
    /// What the caller may do now and, where not, why and from when.
    pub(in crate::http) allowed: Vec<Offer>,
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let location = self
            .location
            .and_then(|location| HeaderValue::from_str(&location).ok());
        let waits = self.body.waits_for.is_some();
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        if waits {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}

impl Answered {
    /// Taken in: decided once what it needs answers.
    fn waiting(request: RequestId, waits_for: Dependency, key: &MessageId) -> Self {
        Self {
            status: StatusCode::ACCEPTED,
            location: Some(super::status::location(key)),
            body: Carried {
                request_id: Some(request),
                event: None,
                waits_for: Some(waits_for),
                told: Value::Object(serde_json::Map::new()),
                allowed: Vec::new(),
            },
        }
    }
}

impl OperationOutput for Answered {
    type Inner = Carried;

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<DocumentedResponse> {
        Json::<Carried>::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<aide::openapi::StatusCode>, DocumentedResponse)> {
        Json::<Carried>::inferred_responses(ctx, operation)
    }
}

pub(in crate::http) async fn answer(
    api: &Shared,
    person: &Person,
    kind: CommandKind,
    key: &MessageId,
    handled: Handled,
) -> Result<Answered, Problem> {
    let (request, told, case) = match handled {
        Handled::Done {
            request,
            answer,
            case,
        } => (request, answer, case),
        Handled::Repeated {
            request,
            outcome: Outcome::Done,
            answer,
        } => (request, answer, None),
        Handled::Refused(refusal) => return Err(Problem::from(*refusal)),
        Handled::Repeated {
            outcome: Outcome::Refused,
            answer,
            ..
        } => return Err(told_before(answer.as_ref())),
        Handled::Parked { request, waits_for } => return Ok(Answered::waiting(request, waits_for, key)),
        Handled::DeadLettered { reason, detail } => return Err(dead(reason).detail(detail)),
    };
    let status = if kind == CommandKind::Submit {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let (event, mut told) = match told {
        Some(answer) => {
            let members = answer.read();
            (Some(answer.kind), members.unwrap_or_else(nothing))
        }
        None => (None, nothing()),
    };
    // It stands beside, typed.
    if let Some(members) = told.as_object_mut() {
        members.remove("request_id");
    }
    let allowed = match (case, request) {
        (Some(case), _) => offered(api, person, &case),
        (None, Some(request)) => allowed(api, person, request).await?,
        (None, None) => Vec::new(),
    };
    let created = request.filter(|_| status == StatusCode::CREATED);
    Ok(Answered {
        status,
        location: created.map(|id| format!("{}/requests/{id}", crate::http::api::ROOT)),
        body: Carried {
            request_id: request,
            event,
            waits_for: None,
            told,
            allowed,
        },
    })
}

/// What a person may do with a request now, by the table the engine decides by.
pub(in crate::http) async fn allowed(
    api: &Shared,
    person: &Person,
    request: RequestId,
) -> Result<Vec<Offer>, Problem> {
    let mut question = api.store.ask(&Viewer::person(person)).await?;
    let Some(Listed { request, .. }) = question.request(request).await? else {
        return Ok(Vec::new());
    };
    Ok(offered(api, person, &request.case))
}

fn offered(api: &Shared, person: &Person, case: &Case) -> Vec<Offer> {
    let workflows = api.workflows.borrow().clone();
    workflows
        .get(&case.workflow)
        .zip(person.actor())
        .map(|(workflow, actor)| offers(workflow, case, &actor, api.clock.now()))
        .unwrap_or_default()
}

fn nothing() -> Value {
    Value::Object(serde_json::Map::new())
}

/// A refusal that was told before is told again in the same words.
fn told_before(answer: Option<&Answer>) -> Problem {
    let refusal = answer.and_then(Answer::read::<crate::domain::refusal::Refusal>);
    refusal.map_or_else(|| Problem::new(StatusCode::CONFLICT), Problem::from)
}

fn dead(reason: DeadLetterReason) -> Problem {
    let status = match reason {
        DeadLetterReason::EngineFault => StatusCode::INTERNAL_SERVER_ERROR,
        DeadLetterReason::PublisherNotAuthorised => StatusCode::FORBIDDEN,
        DeadLetterReason::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        DeadLetterReason::MissingMessageId
        | DeadLetterReason::MessageIdReused
        | DeadLetterReason::WrongContentType
        | DeadLetterReason::WrongContentEncoding
        | DeadLetterReason::InvalidUtf8
        | DeadLetterReason::InvalidJson
        | DeadLetterReason::NulInText
        | DeadLetterReason::TooDeep
        | DeadLetterReason::TooManyHeaders
        | DeadLetterReason::DuplicateKey
        | DeadLetterReason::UnknownType
        | DeadLetterReason::TypeMismatch
        | DeadLetterReason::SchemaTooNew => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Problem::new(status).code(reason.as_str())
}

/// Text the decoder can make nothing of.
pub(in crate::http) fn unreadable(fault: &crate::amqp::envelope::Fault) -> Problem {
    Problem::unread()
        .code(fault.reason.as_str())
        .detail(fault.detail.clone())
}

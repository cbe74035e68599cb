//! Errors over HTTP: problem details of RFC 9457.

use std::time::Duration;

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as DocumentedResponse, SchemaObject};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::refusal::{Candidate, FieldProblem, Reason, Refusal, RefusalCode, RefusalKind};
use crate::domain::registers::RegisterName;
use crate::registry::NoAnswer;
use crate::store::StoreError;

/// One problem. `code` is the word programs rely on; `detail` is for people and never holds personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Problem(Box<Details>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
struct Details {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    #[schemars(with = "u16")]
    status: StatusCode,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What in the body, the address or the headers is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldProblem>,
    /// From which day it would be allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    available_from: Option<NaiveDate>,
    /// The conditions that were asked, with their values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    why: Vec<Reason>,
    /// The people to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<Candidate>,
    /// Goes into the header of that name.
    #[serde(skip)]
    retry_after: Option<Duration>,
    #[serde(skip)]
    unread: bool,
}

/// Travels with the answer to what could not be read: nobody was looked for, nobody was shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unread;

impl Problem {
    /// A problem that its status says all about; its code says it in a word.
    pub fn new(status: StatusCode) -> Self {
        Self(Box::new(Details {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            code: word(status),
            detail: None,
            fields: Vec::new(),
            available_from: None,
            why: Vec::new(),
            candidates: Vec::new(),
            retry_after: None,
            unread: false,
        }))
    }

    /// What was sent cannot be read: its body, its query or its idempotency key.
    pub(super) fn unread() -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY);
        problem.0.unread = true;
        problem
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Whether the engine has the command and only did not say yet what becomes of it.
    pub(super) fn is_undecided(&self) -> bool {
        let passing = self.0.status == StatusCode::SERVICE_UNAVAILABLE;
        passing && self.0.code == word(self.0.status) && self.0.retry_after.is_some()
    }

    /// The word programs rely on.
    pub(super) fn word(&self) -> &'static str {
        self.0.code
    }

    /// What a page may say of it: `detail` where that is Italian.
    pub(super) fn for_people(&self) -> Option<&str> {
        let refused =
            RefusalCode::from_word(self.0.code).is_some_and(|code| code != RefusalCode::InvalidBody);
        let detail = self.0.detail.as_deref();
        detail.filter(|_| refused || IN_ITALIAN.contains(&self.0.code))
    }

    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.0.code = code;
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// When it makes sense to ask again; in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.fields.push(FieldProblem {
            pointer: pointer.into(),
            message: message.into(),
        });
        self
    }
}

/// Codes beside the refusals whose `detail` is written for people.
const IN_ITALIAN: [&str; 10] = [
    "register_unavailable",
    "audit_unavailable",
    "too_many_requests",
    "request_unknown",
    "draft_unknown",
    "attachment_unknown",
    "attachment_pending",
    "attachment_quarantined",
    "cross_site",
    "patronato_only",
];

/// What a status means where no rule of ours says more. Where a message of AMQP can have the same fault, it is the word
/// of its dead letter.
fn word(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "invalid_request",
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::REQUEST_TIMEOUT => "request_timeout",
        StatusCode::CONFLICT => "conflict",
        StatusCode::GONE => "gone",
        StatusCode::PAYLOAD_TOO_LARGE => DeadLetterReason::TooLarge.as_str(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => DeadLetterReason::WrongContentType.as_str(),
        StatusCode::UNPROCESSABLE_ENTITY => RefusalCode::InvalidBody.as_str(),
        StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        _ if status.is_client_error() => "invalid_request",
        _ => "engine_fault",
    }
}

/// The errors that parts below answer in a manner of their own, such as a limit of the HTTP library, as problems.
pub(super) async fn for_every_error(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE);
    // The pages say theirs in HTML.
    let is_said = |kind: &HeaderValue| kind == CONTENT_TYPE || kind.as_bytes().starts_with(b"text/html");
    if !is_error || kind.is_some_and(is_said) {
        return response;
    }
    let mut problem = Problem::new(status).into_response();
    for name in [header::ALLOW, header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
        if let Some(value) = response.headers().get(&name) {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    problem
}

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).expect("a problem is plain data");
        let content_type = [(header::CONTENT_TYPE, CONTENT_TYPE)];
        let mut response = (self.0.status, content_type, body).into_response();
        if let Some(wait) = self.0.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            // RFC 9110, 11.6.1: a 401 says how to authenticate.
            let challenge = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.0.unread {
            response.extensions_mut().insert(Unread);
        }
        response
    }
}

impl OperationOutput for Problem {
    type Inner = Self;

    fn operation_response(context: &mut GenContext, _: &mut Operation) -> Option<DocumentedResponse> {
        Some(documented(context.schema.subschema_for::<Self>()))
    }
}

/// A problem in the document, by its schema.
pub(super) fn documented(json_schema: schemars::Schema) -> DocumentedResponse {
    let schema = SchemaObject {
        json_schema,
        external_docs: None,
        example: None,
    };
    let json = MediaType {
        schema: Some(schema),
        ..MediaType::default()
    };
    DocumentedResponse {
        description: "A problem.".to_owned(),
        content: [("application/problem+json".to_owned(), json)]
            .into_iter()
            .collect(),
        ..DocumentedResponse::default()
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::new(status_of(refusal.code))
            .code(refusal.code.as_str())
            .detail(refusal.message);
        problem.0.fields = refusal.fields;
        problem.0.available_from = refusal.available_from;
        problem.0.why = refusal.why;
        problem.0.candidates = refusal.candidates;
        problem
    }
}

impl From<NoAnswer> for Problem {
    fn from(missing: NoAnswer) -> Self {
        let detail = match missing.register {
            RegisterName::Citizens => "L'anagrafe dei cittadini non risponde: riprova tra poco.",
            RegisterName::Practices => "L'archivio delle pratiche non risponde: riprova tra poco.",
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE)
            .code("register_unavailable")
            .detail(detail)
    }
}

/// CONTRACT.md 2, "Status".
const fn status_of(code: RefusalCode) -> StatusCode {
    match code.kind() {
        RefusalKind::Unknown => StatusCode::NOT_FOUND,
        RefusalKind::Foreign => StatusCode::FORBIDDEN,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RefusalKind::Wrong => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let status = if error.is_passing() {
            tracing::warn!(error = %error, "a question waits for the database");
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            tracing::error!(error = %error, "a question failed");
            StatusCode::INTERNAL_SERVER_ERROR
        };
        Self::new(status).detail("the database does not answer as it should")
    }
}

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
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What in the body is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldProblem>,
    /// From which day it would be allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    available_from: Option<NaiveDate>,
    /// The conditions that were asked, with their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    why: Vec<Reason>,
    /// The people to choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<Candidate>,
    /// Goes into the header of that name.
    #[serde(skip)]
    retry_after: Option<Duration>,
}

impl Problem {
    /// A problem that its status says all about.
    pub fn new(status: StatusCode) -> Self {
        Self(Box::new(Details {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            code: None,
            detail: None,
            fields: Vec::new(),
            available_from: None,
            why: Vec::new(),
            candidates: Vec::new(),
            retry_after: None,
        }))
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.0.code = Some(code);
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).expect("a problem is plain data");
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
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
        response
    }
}

impl OperationOutput for Problem {
    type Inner = Self;

    fn operation_response(context: &mut GenContext, _: &mut Operation) -> Option<DocumentedResponse> {
        let schema = SchemaObject {
            json_schema: context.schema.subschema_for::<Self>(),
            external_docs: None,
            example: None,
        };
        let json = MediaType {
            schema: Some(schema),
            ..MediaType::default()
        };
        Some(DocumentedResponse {
            description: "A problem.".to_owned(),
            content: [("application/problem+json".to_owned(), json)]
                .into_iter()
                .collect(),
            ..DocumentedResponse::default()
        })
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

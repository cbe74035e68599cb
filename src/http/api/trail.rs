//! Every answer that shows something of somebody leaves a row in the audit before it leaves the node, and so does
//! every attempt to reach what is somebody else's. What cannot be written down is not shown: 503.
//!
//! Commands are written down by the engine, in their own transaction.

use std::sync::{Arc, Mutex, PoisonError};

use aide::OperationInput;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{ROOT, Shared};
use crate::domain::audit::{AuditAction, AuditEntry, AuditOutcome, Standing};
use crate::domain::ids::{PersonId, RequestId};
use crate::domain::person::Person;
use crate::domain::trace::TraceParent;
use crate::http::problem::{Problem, Unread};

/// Routes whose answers say nothing of anybody. All others are recorded, so that a forgotten one is recorded too; and
/// so is whatever changes something.
const IMPERSONAL: [&str; 8] = [
    "/statistics",
    "/topics",
    "/sedi",
    "/me",
    "/workflows",
    "/jobs",
    "/queues",
    "/nodes",
];

/// What a call turned out to be about; shared by the extractors, the handler and [`record`].
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Trail(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
pub(in crate::http) struct Noted {
    pub(in crate::http) person: Option<Person>,
    pub(in crate::http) requests: Vec<RequestId>,
    pub(in crate::http) persons: Vec<PersonId>,
    /// The engine wrote it down.
    pub(in crate::http) settled: bool,
}

impl Trail {
    /// Who calls.
    pub(in crate::http) fn caller(&self, person: &Person) {
        self.note(|noted| noted.person = Some(person.clone()));
    }

    /// The requests an answer shows.
    pub(in crate::http) fn requests(&self, ids: impl IntoIterator<Item = RequestId>) {
        self.note(|noted| noted.requests.extend(ids));
    }

    /// The citizens an answer shows.
    pub(in crate::http) fn persons(&self, ids: impl IntoIterator<Item = PersonId>) {
        self.note(|noted| noted.persons.extend(ids));
    }

    /// The engine has decided, and written down that it did.
    pub(in crate::http) fn settled(&self) {
        self.note(|noted| noted.settled = true);
    }

    fn note(&self, change: impl FnOnce(&mut Noted)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn take(&self) -> Noted {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(in crate::http) fn of(parts: &Parts) -> Self {
        parts.extensions.get::<Self>().cloned().unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Trail {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts))
    }
}

impl OperationInput for Trail {}

/// Answers a call, and writes down whose data it showed, or tried to.
pub(in crate::http) async fn record(
    State(api): State<Shared>,
    path: MatchedPath,
    parameters: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let trail = Trail::default();
    request.extensions_mut().insert(trail.clone());
    let method = request.method().clone();
    let trace = trace_of(request.headers());
    let response = next.run(request).await;
    if response.extensions().get::<Unread>().is_some() {
        return response;
    }
    let noted = trail.take();
    let Some(outcome) = outcome(&noted, &method, path.as_str(), response.status()) else {
        return response;
    };
    let Ok(action) = AuditAction::of_call(method.as_str(), path.as_str()) else {
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    };
    let standing = noted.person.as_ref().map_or(Standing::Nobody, Standing::of);
    let mut requests = noted.requests;
    requests.extend(request_of(path.as_str(), &parameters));
    requests.sort_unstable();
    requests.dedup();
    let entry = AuditEntry {
        actor: noted.person.map(|person| person.id),
        standing,
        action,
        outcome,
        code: Some(response.status().as_str().to_owned()),
        requests,
        persons: noted.persons,
        correlation: trace.map(|trace| trace.0.into()),
    };
    // Spawned: written to its end even if the client hangs up.
    let store = api.store.clone();
    match tokio::spawn(async move { store.record(&[entry]).await }).await {
        Ok(Ok(())) => response,
        Ok(Err(error)) => {
            tracing::error!(error = %error, "an answer cannot be written down, so it is not given");
            unrecorded()
        }
        Err(_) => unrecorded(),
    }
}

fn unrecorded() -> Response {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE)
        .code("audit_unavailable")
        .detail("L'accesso non può essere registrato: riprova più tardi.")
        .into_response()
}

/// How a call ended, where it is to be written down.
fn outcome(noted: &Noted, method: &Method, path: &str, status: StatusCode) -> Option<AuditOutcome> {
    if noted.settled {
        return None;
    }
    match status {
        status if status.is_success() => is_of_interest(method, path).then_some(AuditOutcome::Done),
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Some(AuditOutcome::Denied),
        // Understood and answered with what the registers say.
        StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
            is_of_interest(method, path).then_some(AuditOutcome::Refused)
        }
        _ => None,
    }
}

fn is_of_interest(method: &Method, path: &str) -> bool {
    !method.is_safe() || is_personal(path)
}

fn is_personal(path: &str) -> bool {
    let below = path.strip_prefix(ROOT).unwrap_or(path);
    !IMPERSONAL.iter().any(|route| {
        below
            .strip_prefix(route)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The request in the path.
fn request_of(path: &str, parameters: &RawPathParams) -> Option<RequestId> {
    if !path.contains("/requests/{id}") {
        return None;
    }
    let (_, id) = parameters.iter().find(|(name, _)| *name == "id")?;
    id.parse().ok()
}

/// The trace a call belongs to, if it says so.
fn trace_of(headers: &HeaderMap) -> Option<TraceParent> {
    TraceParent::parse(headers.get("traceparent")?.to_str().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(path: &str, status: u16) -> Option<AuditOutcome> {
        outcome(
            &Noted::default(),
            &Method::GET,
            path,
            StatusCode::from_u16(status).unwrap(),
        )
    }

    #[test]
    fn whatever_shows_somebody_is_written_down() {
        let show = "/api/v1/requests/{id}";
        assert_eq!(after(show, 200), Some(AuditOutcome::Done));
        assert_eq!(after(show, 404), Some(AuditOutcome::Denied));
        assert_eq!(after("/api/v1/practices/check", 422), Some(AuditOutcome::Refused));
        assert_eq!(
            after("/api/v1/a-route-of-tomorrow", 200),
            Some(AuditOutcome::Done)
        );
        for nothing in [400, 401, 415, 429, 503] {
            assert_eq!(after(show, nothing), None, "{nothing}");
        }
    }

    #[test]
    fn catalogues_show_nobody() {
        for path in ["/api/v1/topics", "/api/v1/me", "/api/v1/workflows/{name}"] {
            assert_eq!(after(path, 200), None, "{path}");
            assert_eq!(after(path, 403), Some(AuditOutcome::Denied), "{path}");
        }
        assert!(is_personal("/api/v1/topicsecrets"));
        let pause = "/api/v1/queues/{id}/pause";
        let paused = outcome(&Noted::default(), &Method::POST, pause, StatusCode::OK);
        assert_eq!(paused, Some(AuditOutcome::Done));
    }

    #[test]
    fn what_the_engine_wrote_down_is_not_written_twice() {
        let noted = Noted {
            settled: true,
            ..Noted::default()
        };
        let status = StatusCode::CREATED;
        assert_eq!(outcome(&noted, &Method::POST, "/api/v1/requests", status), None);
    }
}

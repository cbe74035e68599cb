//! Is the process alive, can it do its work, and how much does it do.

use std::collections::BTreeMap;
use std::time::Duration;

use aide::OperationOutput;
use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as Documented};
use aide::transform::TransformOperation;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::HttpState;
use super::problem::{self, Problem};
use crate::lifecycle::readiness::{Part, Report, Status};

/// When it makes sense to ask a node again that is stopping: another one answers by then.
const RETRY: Duration = Duration::from_secs(2);

pub(super) fn routes() -> ApiRouter<HttpState> {
    ApiRouter::new()
        .api_route("/healthz", get_with(alive, document_alive))
        .api_route("/readyz", get_with(ready, document_ready))
        .api_route("/metrics", get_with(metrics, document_metrics))
}

/// For as long as the process can answer at all.
async fn alive() -> &'static str {
    "ok\n"
}

/// The work of a node that cannot be done now, and why.
#[derive(Debug, Serialize, JsonSchema)]
struct NotReady {
    #[serde(flatten)]
    problem: Problem,
    #[serde(flatten)]
    report: Parts,
}

/// What every part says.
#[derive(Debug, Serialize, JsonSchema)]
struct Parts {
    ready: bool,
    parts: BTreeMap<Part, Status>,
}

impl IntoResponse for NotReady {
    fn into_response(self) -> Response {
        let body = Json(&self).into_response().into_body();
        let mut response = self.problem.into_response();
        *response.body_mut() = body;
        response
    }
}

impl OperationOutput for NotReady {
    type Inner = Self;

    fn operation_response(context: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        Some(problem::documented(context.schema.subschema_for::<Self>()))
    }
}

async fn ready(State(state): State<HttpState>) -> Result<Json<Report>, NotReady> {
    let report = state.readiness.report();
    let stopping = state.stop.is_cancelled();
    if report.ready && !stopping {
        return Ok(Json(report));
    }
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE);
    let problem = if stopping {
        problem.detail("the node is stopping").retry_after(RETRY)
    } else {
        problem.detail("a part cannot do its work")
    };
    let report = Parts {
        ready: false,
        parts: report.parts,
    };
    Err(NotReady { problem, report })
}

async fn metrics(State(state): State<HttpState>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, state.exporter.render()).into_response()
}

fn document_alive(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .id("healthz")
        .tag("health")
        .summary("Whether the process is alive")
        .description("200 for as long as it can answer at all.")
        .response::<200, String>()
}

fn document_ready(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .id("readyz")
        .tag("health")
        .summary("Whether this node can do its work")
        .description("Every part with its state and, where it is not up, the reason. A degraded part works.")
        .response::<200, Json<Report>>()
        .response::<503, NotReady>()
}

fn document_metrics(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .id("metrics")
        .tag("health")
        .summary("How much this node does")
        .description("In the text format of Prometheus.")
        .response::<200, String>()
}

//! For those who run usciere: dead letters, queues, jobs, workflows, mails, nodes. What the command line can do too,
//! by the same functions (`crate::admin`). Nothing here shows what stands in a request.

mod dead_letters;
mod jobs;
mod mails;
mod named;
mod nodes;
mod queues;
mod workflows;

use aide::axum::ApiRouter;
use aide::transform::TransformOperation;
use axum::http::StatusCode;

use super::Shared;
use crate::http::problem::Problem;

pub(super) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .merge(dead_letters::routes())
        .merge(queues::routes())
        .merge(jobs::routes())
        .merge(workflows::routes())
        .merge(mails::routes())
        .merge(nodes::routes())
}

/// Documents an operation.
fn says(
    id: &'static str,
    summary: &'static str,
) -> impl FnOnce(TransformOperation<'_>) -> TransformOperation<'_> {
    move |operation| operation.id(id).summary(summary).tag("administration")
}

fn unknown(what: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND)
        .code("unknown")
        .detail(format!("there is no such {what}"))
}

fn conflict(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT).code(code).detail(detail)
}

fn invalid(pointer: &str, message: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY)
        .code("invalid_body")
        .field(pointer, message)
}

//! `/workflows`: the definitions in force, drawn with the requests that stand in them, and the problems of the files.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::Named;
use super::{says, unknown};
use crate::admin::workflows::{self, WorkflowLine};
use crate::domain::case::WorkflowRef;
use crate::http::api::Shared;
use crate::http::api::caller::Manager;
use crate::http::api::query::ApiQuery;
use crate::http::problem::Problem;
use crate::workflow::graph::{mermaid, svg};
use crate::workflow::{Problem as Mistake, Registry};

pub(super) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/workflows",
            get_with(
                list,
                says("listWorkflows", "Every version in force, with its hash"),
            ),
        )
        .api_route(
            "/workflows/check",
            get_with(
                check,
                says("checkWorkflows", "The problems of the files as they are now"),
            ),
        )
        .api_route(
            "/workflows/{id}/graph",
            get_with(graph, |operation| {
                says(
                    "drawWorkflow",
                    "A version as a picture, with how many requests stand where",
                )(operation)
                .response::<200, ()>()
            }),
        )
}

/// Every version in force.
#[derive(Debug, Serialize, JsonSchema)]
struct Workflows {
    items: Vec<WorkflowLine>,
}

async fn list(State(api): State<Shared>, Manager(_): Manager) -> Result<Json<Workflows>, Problem> {
    let registry = api.workflows.borrow().clone();
    let items = workflows::list(&api.workflows_folder, &registry).map_err(|mistake| {
        Problem::new(StatusCode::CONFLICT)
            .code("changed_after_release")
            .detail(mistake.to_string())
    })?;
    Ok(Json(Workflows { items }))
}

/// What is wrong with the files; nothing, where a reload would take them.
#[derive(Debug, Serialize, JsonSchema)]
struct Checked {
    problems: Vec<Mistake>,
}

async fn check(State(api): State<Shared>, Manager(_): Manager) -> Result<Json<Checked>, Problem> {
    let folder = api.workflows_folder.clone();
    let checked = tokio::task::spawn_blocking(move || Registry::load(&folder)).await;
    let problems = match checked {
        Ok(Ok(_)) => Vec::new(),
        Ok(Err(problems)) => problems.into_vec(),
        Err(_) => return Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR)),
    };
    Ok(Json(Checked { problems }))
}

#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Svg,
    Mermaid,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct How {
    #[serde(default)]
    format: Format,
}

async fn graph(
    State(api): State<Shared>,
    Manager(_): Manager,
    Named(reference): Named<WorkflowRef>,
    ApiQuery(how): ApiQuery<How>,
) -> Result<Response, Problem> {
    let registry = api.workflows.borrow().clone();
    let workflow = registry.get(&reference).ok_or_else(|| unknown("workflow"))?;
    let counts = api.store.state_counts(&reference).await?;
    let (kind, picture) = match how.format {
        Format::Svg => ("image/svg+xml", svg(workflow, Some(&counts))),
        Format::Mermaid => (
            "text/vnd.mermaid; charset=utf-8",
            mermaid(workflow, Some(&counts)),
        ),
    };
    Ok(([(header::CONTENT_TYPE, kind)], picture).into_response())
}

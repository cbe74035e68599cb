//! `/nodes`: which nodes live, and what each does.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::says;
use crate::http::api::Shared;
use crate::http::api::caller::Manager;
use crate::http::problem::Problem;
use crate::store::NodeRow;

pub(super) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new().api_route(
        "/nodes",
        get_with(
            list,
            says(
                "listNodes",
                "The nodes that publish, and how many buckets each holds",
            ),
        ),
    )
}

/// Every node that gives signs of life.
#[derive(Debug, Serialize, JsonSchema)]
struct Nodes {
    items: Vec<NodeRow>,
}

async fn list(State(api): State<Shared>, Manager(_): Manager) -> Result<Json<Nodes>, Problem> {
    let items = api.store.nodes().await?;
    Ok(Json(Nodes { items }))
}

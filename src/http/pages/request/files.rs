//! The files of requests, for whoever may see a request that uses them.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;

use crate::domain::attachment::Sha256Hex;
use crate::http::api::Trail;
use crate::http::api::attachments::give;
use crate::http::pages::Shared;
use crate::http::pages::fault::Answer;
use crate::http::pages::viewer::Viewer;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/allegati/{sha256}", get(fetch))
}

async fn fetch(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    Path(sha256): Path<String>,
) -> Answer {
    let sha256 = Sha256Hex::parse(&sha256).map_err(|_| StatusCode::NOT_FOUND)?;
    Ok(give(&portal.api, &viewer.person, &trail, &sha256).await?)
}

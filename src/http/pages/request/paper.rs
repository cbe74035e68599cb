//! "Stampa riepilogo": the summary as a page to print and as a PDF, without the sede's own notes.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::routing::get;

use crate::http::api::Trail;
use crate::http::api::path::OfRequest;
use crate::http::api::summary;
use crate::http::pages::Shared;
use crate::http::pages::fault::Answer;
use crate::http::pages::viewer::Viewer;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/richieste/{id}/stampa", get(page))
        .route("/richieste/{id}/riepilogo.pdf", get(pdf))
}

async fn page(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    OfRequest(id): OfRequest,
) -> Answer {
    trail.requests([id]);
    Ok(summary::page_of(&portal.api, &viewer.person, id)
        .await?
        .into_response())
}

async fn pdf(State(portal): State<Shared>, viewer: Viewer, trail: Trail, OfRequest(id): OfRequest) -> Answer {
    trail.requests([id]);
    Ok(summary::pdf_of(&portal.api, &viewer.person, id)
        .await?
        .into_response())
}

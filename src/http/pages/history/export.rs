//! The list as a file: exactly what the page lists, all of it.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::get;

use super::search::{ADDRESS, SearchForm};
use crate::http::api::exports::{csv, xlsx};
use crate::http::pages::Shared;
use crate::http::pages::fault::Answer;
use crate::http::pages::viewer::Viewer;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/richieste/esporta.csv", get(as_csv))
        .route("/richieste/esporta.xlsx", get(as_xlsx))
}

async fn as_csv(State(portal): State<Shared>, viewer: Viewer, Query(form): Query<SearchForm>) -> Answer {
    let Ok(search) = form.read(&viewer.session.memory) else {
        return Ok(Redirect::to(ADDRESS).into_response());
    };
    let filter = search.criteria().within(&viewer.person, &portal.api)?;
    Ok(csv(&portal.api, &viewer.person, filter, search.order)
        .await?
        .into_response())
}

async fn as_xlsx(State(portal): State<Shared>, viewer: Viewer, Query(form): Query<SearchForm>) -> Answer {
    let Ok(search) = form.read(&viewer.session.memory) else {
        return Ok(Redirect::to(ADDRESS).into_response());
    };
    let filter = search.criteria().within(&viewer.person, &portal.api)?;
    Ok(xlsx(&portal.api, &viewer.person, filter, search.order)
        .await?
        .into_response())
}

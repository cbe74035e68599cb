//! "Dettaglio richiesta selezionata" (Figures 19, 20, 30 and 31): a request with its thread, and what can be done with
//! it now. What cannot says why, and from when.

mod acts;
mod appointment;
mod files;
mod filled;
mod paper;
mod unsent;
mod view;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{get, post};

use super::fault::{Answer, Fault, page};
use super::history::search::ADDRESS;
use super::viewer::Viewer;
use super::{Portal, Shared};
use crate::domain::command::CommandKind;
use crate::domain::ids::RequestId;
use crate::domain::session::Tone;
use crate::http::api::Trail;
use crate::http::api::path::{OfRequest, unknown};
use crate::http::api::requests::detail::RequestDetail;
use view::{Attempt, RequestPage};

pub(super) use view::what;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/richieste/{id}", get(show_one))
        .route("/richieste/{id}/da-leggere", post(unread))
        .merge(acts::routes())
        .merge(appointment::routes())
        .merge(files::routes())
        .merge(paper::routes())
        .merge(unsent::routes())
}

/// Where a request is.
pub(super) fn address(id: RequestId) -> String {
    format!("{ADDRESS}/{id}")
}

async fn show_one(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    OfRequest(id): OfRequest,
) -> Answer {
    let detail = detail(&portal, &viewer, &trail, id).await?;
    let attempt = Attempt::not_sent(unsent::of(&portal, &viewer, id, CommandKind::Message).await?);
    let shown = page(
        StatusCode::OK,
        &RequestPage::new(&portal, &viewer, &detail, attempt),
    )?;
    portal.api.store.mark_read(&viewer.person, id).await?;
    Ok(shown)
}

/// The request, if it is one of the viewer's office.
async fn detail(
    portal: &Portal,
    viewer: &Viewer,
    trail: &Trail,
    id: RequestId,
) -> Result<RequestDetail, Fault> {
    trail.requests([id]);
    let asking = crate::store::Viewer::person(&viewer.person);
    let mut question = portal.api.store.ask(&asking).await?;
    let listed = question.request(id).await?.ok_or_else(unknown)?;
    let history = question.history(id).await?;
    let citizen = listed.request.citizen.as_ref();
    trail.persons(citizen.map(|citizen| citizen.person_id.clone()));
    Ok(RequestDetail::new(&portal.api, &viewer.person, &listed, &history))
}

/// "Segna come da leggere".
async fn unread(
    State(portal): State<Shared>,
    mut viewer: Viewer,
    trail: Trail,
    OfRequest(id): OfRequest,
) -> Answer {
    detail(&portal, &viewer, &trail, id).await?;
    portal.api.store.mark_unread(&viewer.person, id).await?;
    viewer
        .say(&portal, Tone::Done, "La richiesta è di nuovo da leggere.")
        .await?;
    Ok(Redirect::to(ADDRESS).into_response())
}

//! A new request, step by step (Figures 6 to 17 and 24 to 28): the citizen, the delegation, the compilation, the
//! summary with its sede, the confirmation. What is written lives in a draft on the server from the first step on.

mod chosen;
mod citizen;
mod compile;
mod compile_choices;
mod compile_form;
mod draft;
mod files;
mod sent;
mod submit;
mod summary;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{get, post};

use super::Shared;
use super::fault::Answer;
use super::viewer::Viewer;
use crate::domain::command::Role;
use crate::domain::draft::Draft;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/nuova", get(begin))
        .route("/nuova/cittadino", get(citizen::ask).post(citizen::find))
        .route(
            "/nuova/{bozza}/cittadino",
            get(citizen::ask_for_draft).post(citizen::find_for_draft),
        )
        .route("/nuova/{bozza}/scelta", get(chosen::choice).post(chosen::choose))
        .route(
            "/nuova/{bozza}/conferma-utente",
            get(chosen::confirmation).post(chosen::confirm),
        )
        .route(
            "/nuova/{bozza}/compilazione",
            get(compile::form).post(compile::take),
        )
        .route("/nuova/{bozza}/bozza", post(compile::keep))
        .route("/nuova/{bozza}/elimina", post(draft::discard))
        .route(
            "/nuova/{bozza}/allegati/{file}/rimuovi",
            get(files::ask).post(files::remove),
        )
        .route(
            "/nuova/{bozza}/riepilogo",
            get(summary::summary).post(summary::take),
        )
        .route("/nuova/{bozza}/conferma", get(sent::confirmation))
        .route("/nuova/{bozza}/stesso-utente", post(sent::same_citizen))
        .route("/nuova/{bozza}/altro-utente", post(sent::another_citizen))
}

/// An operator begins with the citizen, a referent with the compilation.
async fn begin(State(portal): State<Shared>, viewer: Viewer) -> Answer {
    match viewer.role {
        Role::Operator => Ok(Redirect::to("/nuova/cittadino").into_response()),
        Role::RegionalReferent => {
            let untouched = Draft::new(viewer.role);
            let kept = portal.api.store.drafts(&viewer.person, viewer.role).await?;
            // Coming back to this address begins nothing twice.
            let id = match kept.into_iter().find(|kept| kept.draft == untouched) {
                Some(kept) => kept.id,
                None => draft::begin(&portal, &viewer, &untouched).await?,
            };
            Ok(Redirect::to(&format!("/nuova/{id}/compilazione")).into_response())
        }
    }
}

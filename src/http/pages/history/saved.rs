//! Searches under a name: kept from the list, forgotten from the preferences.

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::post;
use serde::Deserialize;

use super::search::{ADDRESS, SearchForm};
use crate::domain::saved_filter::{FilterName, MOST_SAVED, SavedFilter, SavedFilterId};
use crate::domain::session::Tone;
use crate::http::pages::fault::{Answer, Fault};
use crate::http::pages::viewer::Viewer;
use crate::http::pages::{Portal, Shared};
use crate::store::Saving;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/richieste/filtri", post(save))
        .route("/richieste/filtri/{id}/elimina", post(forget))
}

/// The searches somebody keeps.
pub(in crate::http::pages) async fn of(portal: &Portal, viewer: &Viewer) -> Result<Vec<SavedFilter>, Fault> {
    let saved = portal
        .api
        .store
        .saved_filters(&viewer.membership.patronato, &viewer.person.id);
    Ok(saved.await?)
}

#[derive(Deserialize)]
struct SaveForm {
    #[serde(default)]
    nome: String,
    #[serde(default)]
    query: String,
}

async fn save(State(portal): State<Shared>, mut viewer: Viewer, Form(form): Form<SaveForm>) -> Answer {
    // What is kept is what the list would write itself, whatever was sent.
    let read: SearchForm = serde_urlencoded::from_str(&form.query).unwrap_or_default();
    let Ok(search) = read.read(&viewer.session.memory) else {
        return Ok(Redirect::to(ADDRESS).into_response());
    };
    let search = search.but(|search| search.code = None);
    let address = search.address();
    let (tone, text) = match FilterName::parse(&form.nome) {
        Err(_) => (
            Tone::Failed,
            "Scrivi un nome da 1 a 60 caratteri per salvare i filtri.".to_owned(),
        ),
        Ok(name) => {
            let text = format!("Filtri salvati con il nome «{}».", name.as_str());
            let filter = SavedFilter {
                id: SavedFilterId(portal.api.clock.new_id()),
                name,
                query: search.query(),
            };
            let member = &viewer.membership;
            match portal
                .api
                .store
                .save_filter(&member.patronato, &viewer.person.id, &filter)
                .await?
            {
                Saving::Saved => (Tone::Done, text),
                Saving::Full => (
                    Tone::Failed,
                    format!("Hai già {MOST_SAVED} filtri salvati: eliminane uno nelle preferenze."),
                ),
            }
        }
    };
    viewer.say(&portal, tone, text).await?;
    Ok(Redirect::to(&address).into_response())
}

async fn forget(State(portal): State<Shared>, mut viewer: Viewer, Path(id): Path<String>) -> Answer {
    let id = SavedFilterId(id.parse().map_err(|_| StatusCode::NOT_FOUND)?);
    let member = &viewer.membership;
    if !portal
        .api
        .store
        .forget_filter(&member.patronato, &viewer.person.id, id)
        .await?
    {
        return Err(StatusCode::NOT_FOUND.into());
    }
    viewer.say(&portal, Tone::Done, "Filtri eliminati.").await?;
    Ok(Redirect::to("/preferenze#filtri").into_response())
}

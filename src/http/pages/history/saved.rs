//! Searches under a name: kept from the list, forgotten from the preferences.

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::post;
use serde::Deserialize;

use super::search::{ADDRESS, SearchForm};
use crate::domain::filter::RequestFilter;
use crate::domain::saved_filter::{FilterName, MOST_SAVED, SavedFilter, SavedFilterId};
use crate::domain::session::Tone;
use crate::http::pages::fault::{Answer, Fault};
use crate::http::pages::viewer::Viewer;
use crate::http::pages::{Portal, Shared};
use crate::store::{Counted, Saving};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/richieste/filtri", post(save))
        .route("/richieste/filtri/{id}/elimina", post(forget))
}

/// A search under a name, with how many requests are in it now.
pub(in crate::http::pages) struct Kept {
    pub(in crate::http::pages) id: SavedFilterId,
    pub(in crate::http::pages) name: FilterName,
    pub(in crate::http::pages) query: String,
    /// Empty where the search means nothing any more.
    pub(in crate::http::pages) count: String,
}

/// Counting a search goes no further: what is told is whether there is much or little to look at.
const COUNTED: u32 = 99;

/// The searches somebody keeps.
pub(in crate::http::pages) async fn of(portal: &Portal, viewer: &Viewer) -> Result<Vec<Kept>, Fault> {
    let saved = portal
        .api
        .store
        .saved_filters(&viewer.membership.patronato, &viewer.person.id);
    let saved = saved.await?;
    if saved.is_empty() {
        return Ok(Vec::new());
    }
    let asking = crate::store::Viewer::person(&viewer.person);
    let mut question = portal.api.store.ask(&asking).await?;
    let mut kept = Vec::new();
    for SavedFilter { id, name, query } in saved {
        let count = match filter(portal, viewer, &query) {
            Some(filter) => written(question.count(&filter, COUNTED).await?),
            None => String::new(),
        };
        kept.push(Kept {
            id,
            name,
            query,
            count,
        });
    }
    Ok(kept)
}

/// What a kept search asks for; none where that cannot be asked any more.
fn filter(portal: &Portal, viewer: &Viewer, query: &str) -> Option<RequestFilter> {
    let form: SearchForm = serde_urlencoded::from_str(query).ok()?;
    let search = form.read(&viewer.session.memory).ok()?;
    search.criteria().within(&viewer.person, &portal.api).ok()
}

fn written(counted: Counted) -> String {
    let more = if counted.exact { "" } else { "+" };
    format!("{}{more}", counted.count)
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

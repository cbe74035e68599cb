//! "Storico richieste" (Figures 18 and 29): the requests of the office and one's own, searched, filtered, sorted and
//! taken along.

mod chips;
mod export;
mod quick;
mod saved;
pub(super) mod search;
mod view;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{get, post};

use super::fault::{Answer, page};
use super::viewer::Viewer;
use super::{Portal, Shared, cookie};
use crate::http::api::Trail;
use crate::http::api::requests::line::{Names, RequestLine};
use crate::http::api::requests::listing;
use crate::http::api::requests::paging::Listing;
use quick::{Found, QuickForm};
use search::{ADDRESS, Kept, Search, SearchForm};
use view::{Asked, HistoryPage, Results};

pub(super) use saved::{Kept as KeptFilter, of as saved_filters};
pub(super) use view::topics;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(ADDRESS, get(list))
        .route("/richieste/cerca", post(look))
        .route("/richieste/filtra", post(filter))
        .merge(export::routes())
        .merge(saved::routes())
}

async fn list(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    Query(form): Query<SearchForm>,
) -> Answer {
    answer(&portal, &viewer, &trail, Asked::by(form), StatusCode::OK).await
}

/// The list as it was asked for, or what is wrong with the question.
async fn answer(portal: &Portal, viewer: &Viewer, trail: &Trail, asked: Asked, status: StatusCode) -> Answer {
    let asked = match asked.form.read(&viewer.session.memory) {
        Ok(search) => Asked { search, ..asked },
        Err(errors) => Asked {
            errors: if asked.errors.is_empty() {
                errors
            } else {
                asked.errors
            },
            ..asked
        },
    };
    let results = if asked.errors.is_empty() {
        Some(results(portal, viewer, trail, &asked.search).await?)
    } else {
        None
    };
    let status = if asked.errors.is_empty() {
        status
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let saved = saved::of(portal, viewer).await?;
    let choices = choices(portal, viewer).await?;
    page(
        status,
        &HistoryPage::new(portal, viewer, asked, results, &choices, saved),
    )
}

async fn results(
    portal: &Portal,
    viewer: &Viewer,
    trail: &Trail,
    search: &Search,
) -> Result<Results, super::fault::Fault> {
    let filter = search.criteria().within(&viewer.person, &portal.api)?;
    let listing: Listing<RequestLine> =
        listing(&portal.api, &viewer.person, trail, filter, search.page()).await?;
    Ok(Results::new(listing, search))
}

async fn choices(portal: &Portal, viewer: &Viewer) -> Result<crate::store::Choices, super::fault::Fault> {
    let asking = crate::store::Viewer::person(&viewer.person);
    let mut question = portal.api.store.ask(&asking).await?;
    let member = &viewer.membership;
    Ok(question.choices(&member.patronato, &member.office).await?)
}

/// "Ricerca per": goes on to the address of what is looked for.
async fn look(
    State(portal): State<Shared>,
    mut viewer: Viewer,
    trail: Trail,
    Form(form): Form<QuickForm>,
) -> Answer {
    let asked = match form.read(&Names::of(&portal.api)) {
        Found::Search(search) => return Ok(Redirect::to(&search.address()).into_response()),
        Found::Code(whose, code) => {
            let word = cookie::token();
            viewer.session.memory.keep_search(word.clone(), Kept::memo(&code));
            viewer.keep(&portal).await?;
            let search = Search {
                code: Some(Kept { word, code }),
                ..Search::of(whose)
            };
            return Ok(Redirect::to(&search.address()).into_response());
        }
        Found::Topics(topics) => Asked {
            topics,
            quick: form,
            ..Asked::default()
        },
        Found::Wrong(errors) => Asked {
            errors,
            quick: form,
            ..Asked::default()
        },
    };
    answer(&portal, &viewer, &trail, asked, StatusCode::OK).await
}

/// "Filtri avanzati": the same, of several at once.
async fn filter(
    State(portal): State<Shared>,
    mut viewer: Viewer,
    trail: Trail,
    Form(form): Form<SearchForm>,
) -> Answer {
    let mut search = match form.read(&viewer.session.memory) {
        Ok(search) => search,
        Err(errors) => {
            let asked = Asked {
                errors,
                ..Asked::by(form)
            };
            return answer(&portal, &viewer, &trail, asked, StatusCode::OK).await;
        }
    };
    // Whoever writes a codice fiscale among the words means it, and it is not to stand in an address.
    let code = search
        .text
        .as_ref()
        .and_then(|text| crate::domain::codice_fiscale::CodiceFiscale::parse(text.as_str()).ok());
    if let Some(code) = code {
        let word = cookie::token();
        viewer.session.memory.keep_search(word.clone(), Kept::memo(&code));
        viewer.keep(&portal).await?;
        search = search.but(|search| {
            search.text = None;
            search.code = Some(Kept { word, code });
        });
    }
    Ok(Redirect::to(&search.address()).into_response())
}

//! "Scrivi alla sede" in the browser: server-rendered pages that work without a script, by keyboard and on a phone.
//!
//! Pages ask and command through the code of the API (`http::api`), as the person who is signed in: what may be seen
//! and done is decided there, in the engine and in the database. A form is posted, answered with a redirect, and shown
//! by a GET; nothing personal stands in an address. Templates lie beside the code that fills them.

mod access;
mod assets;
mod chrome;
mod cookie;
mod fault;
mod forms;
mod guard;
mod history;
mod home;
mod information;
mod moments;
mod new;
mod notices;
mod people;
mod preferences;
mod provider;
mod request;
mod statistics;
mod viewer;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware;
use axum::routing::get;
use tower_http::limit::RequestBodyLimitLayer;
use url::Url;

use super::api::Api;
use super::api::events::{self, EventStream, Since};
use crate::config::brand::Brand;
use crate::identity::Login;
use viewer::Viewer;

/// What the pages answer from. One per node.
pub struct Portal {
    pub api: Arc<Api>,
    pub brand: Brand,
    /// Where people reach the service.
    pub base_url: Url,
    /// Whether cookies travel encrypted only: everywhere but on a developer's machine.
    pub encrypted: bool,
    /// The identity provider people sign in at.
    pub login: Option<Login>,
    /// Anybody may be anybody: never in production, and on loopback only.
    pub development: bool,
}

/// Where the identity provider sends people back to.
pub const WAY_BACK: &str = "accesso/ritorno";

/// The pages as their handlers see them.
type Shared = Arc<Portal>;

/// Largest form, files and all: 20 MB of attachments (DOMAIN.md 0) and what stands around them.
const LARGEST_FORM: usize = 22 * 1024 * 1024;

/// Where an open page hears of what happens.
const EVENTS: &str = "/eventi";

fn routes() -> Router<Shared> {
    Router::new()
        .merge(access::routes())
        .merge(provider::routes())
        .merge(information::routes())
        .merge(home::routes())
        .merge(new::routes())
        .merge(history::routes())
        .merge(request::routes())
        .merge(statistics::routes())
        .merge(preferences::routes())
        .merge(notices::routes())
        .route(EVENTS, get(events))
}

/// What happens to the viewer's requests, as it happens.
async fn events(State(portal): State<Shared>, viewer: Viewer, since: Since) -> EventStream {
    events::follow(&portal.api, viewer.person, since)
}

/// The pages, ready to answer.
pub fn router(portal: Portal) -> Router {
    let portal = Arc::new(portal);
    Router::new()
        .merge(routes())
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(&portal.api),
            super::api::record,
        ))
        .merge(assets::routes())
        .fallback(fault::unknown_address)
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&portal),
            guard::refuse_foreign,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&portal),
            fault::as_page,
        ))
        .layer(middleware::map_response(guard::dress))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&portal.api),
            super::api::count_address,
        ))
        .with_state(portal)
}

//! The home page (Figures 5 and 23).

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::Shared;
use super::chrome::{Chrome, Menu};
use super::fault::{Answer, show};
use super::viewer::Viewer;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/", get(home))
}

#[derive(Template)]
#[template(path = "http/pages/home.html")]
struct HomePage {
    chrome: Chrome,
    referent: bool,
}

async fn home(State(portal): State<Shared>, viewer: Viewer) -> Answer {
    show(&HomePage {
        referent: viewer.is_referent(),
        chrome: Chrome::of(&portal, &viewer, Menu::Home, "Home page"),
    })
}

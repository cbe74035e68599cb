//! Pages about the service itself, for anybody: help, accessibility, privacy, licences.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::Shared;
use super::chrome::{Chrome, Menu};
use super::fault::{Answer, show};
use super::viewer::Viewer;
use axum::response::Response;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/aiuto", get(help))
        .route("/accessibilita", get(accessibility))
        .route("/privacy", get(privacy))
        .route("/licenze", get(licences))
}

/// With the menu for who is signed in; others read it as well.
fn chrome(portal: &super::Portal, viewer: &Result<Viewer, Response>, title: &str) -> Chrome {
    match viewer {
        Ok(viewer) => Chrome::of(portal, viewer, Menu::None, title),
        Err(_) => Chrome::public(portal, title),
    }
}

#[derive(Template)]
#[template(path = "http/pages/information/help.html")]
struct HelpPage {
    chrome: Chrome,
}

async fn help(State(portal): State<Shared>, viewer: Result<Viewer, Response>) -> Answer {
    show(&HelpPage {
        chrome: chrome(&portal, &viewer, "Aiuto"),
    })
}

#[derive(Template)]
#[template(path = "http/pages/information/accessibility.html")]
struct AccessibilityPage {
    chrome: Chrome,
}

async fn accessibility(State(portal): State<Shared>, viewer: Result<Viewer, Response>) -> Answer {
    show(&AccessibilityPage {
        chrome: chrome(&portal, &viewer, "Dichiarazione di accessibilità"),
    })
}

#[derive(Template)]
#[template(path = "http/pages/information/privacy.html")]
struct PrivacyPage {
    chrome: Chrome,
}

async fn privacy(State(portal): State<Shared>, viewer: Result<Viewer, Response>) -> Answer {
    show(&PrivacyPage {
        chrome: chrome(&portal, &viewer, "Privacy"),
    })
}

#[derive(Template)]
#[template(path = "http/pages/information/licences.html")]
struct LicencesPage {
    chrome: Chrome,
}

async fn licences(State(portal): State<Shared>, viewer: Result<Viewer, Response>) -> Answer {
    show(&LicencesPage {
        chrome: chrome(&portal, &viewer, "Licenze"),
    })
}

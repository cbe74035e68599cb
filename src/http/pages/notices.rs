//! "Avvisi": what happened lately to the requests one sent.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use chrono::Days;

use super::Shared;
use super::chrome::{Chrome, Menu};
use super::fault::{Answer, show};
use super::moments::{machine, moment};
use super::request::{address, what};
use super::viewer::Viewer;
use crate::http::api::Trail;
use crate::http::api::requests::line::Names;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/avvisi", get(list))
}

/// How far back, and how many.
const DAYS: u64 = 30;
const MOST: u16 = 50;

struct Notice {
    href: String,
    at: String,
    machine_at: String,
    what: &'static str,
    topic: String,
    new: bool,
}

#[derive(Template)]
#[template(path = "http/pages/notices.html", whitespace = "minimize")]
struct NoticesPage {
    chrome: Chrome,
    days: u64,
    notices: Vec<Notice>,
}

async fn list(State(portal): State<Shared>, viewer: Viewer, trail: Trail) -> Answer {
    let api = &portal.api;
    let since = api.clock.now() - Days::new(DAYS);
    let asking = crate::store::Viewer::person(&viewer.person);
    let found = api.store.ask(&asking).await?.notices(since, MOST).await?;
    trail.requests(found.iter().map(|one| one.request));
    let names = Names::of(api);
    let notices = found.into_iter().map(|one| Notice {
        href: address(one.request),
        at: moment(&one.at),
        machine_at: machine(&one.at),
        what: what(one.kind),
        topic: names.topic(&one.topic),
        new: one.new,
    });
    show(&NoticesPage {
        chrome: Chrome::of(&portal, &viewer, Menu::None, "Avvisi"),
        days: DAYS,
        notices: notices.collect(),
    })
}

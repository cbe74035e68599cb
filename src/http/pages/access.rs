//! Getting in and out: sign-in, the development sign-in, the information page, the choice of profile,
//! sign-out.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;

use super::chrome::{Chrome, role_label};
use super::cookie::{self, Jar};
use super::fault::{Answer, show, show_again};
use super::forms::FormErrors;
use super::people::{Group, groups};
use super::viewer::{Visitor, place};
use super::{Portal, Shared};
use crate::domain::command::Role;
use crate::domain::person::{Capacity, Person};
use crate::domain::session::Session;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/accesso", get(sign_in))
        .route("/accesso/sviluppo", get(development).post(enter))
        .route("/informativa", get(information).post(informed))
        .route("/profilo", get(profile).post(choose))
        .route("/esci", post(leave))
        .route("/uscita", get(left))
}

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Onward {
    poi: Option<String>,
}

impl Onward {
    fn place(&self) -> String {
        place(self.poi.as_deref()).to_owned()
    }
}

#[derive(Template)]
#[template(path = "http/pages/access/sign_in.html")]
struct SignInPage {
    chrome: Chrome,
    place: String,
    /// The button that leads to the provider.
    provider: Option<String>,
    /// Why the provider's word was not taken.
    refused: &'static str,
}

async fn sign_in(State(portal): State<Shared>, Query(onward): Query<Onward>) -> Answer {
    show(&sign_in_page(&portal, onward.place(), ""))
}

fn sign_in_page(portal: &Portal, place: String, refused: &'static str) -> SignInPage {
    SignInPage {
        chrome: Chrome::public(portal, "Accedi"),
        place,
        provider: portal.login.as_ref().map(|login| login.label().to_owned()),
        refused,
    }
}

/// The sign-in once more, with why it did not succeed.
pub(super) fn refuse(portal: &Portal, status: StatusCode, why: &'static str) -> Answer {
    super::fault::page(status, &sign_in_page(portal, "/".to_owned(), why))
}

#[derive(Template)]
#[template(path = "http/pages/access/development.html")]
struct DevelopmentPage {
    chrome: Chrome,
    place: String,
    groups: Vec<Group>,
}

async fn development(State(portal): State<Shared>, Query(onward): Query<Onward>) -> Answer {
    only_in_development(&portal)?;
    show(&DevelopmentPage {
        chrome: Chrome::public(&portal, "Accesso di sviluppo"),
        place: onward.place(),
        groups: groups(&portal),
    })
}

fn only_in_development(portal: &Portal) -> Result<(), StatusCode> {
    portal.development.then_some(()).ok_or(StatusCode::NOT_FOUND)
}

#[derive(Debug, Deserialize)]
struct Entering {
    persona: String,
    #[serde(default)]
    poi: Option<String>,
}

async fn enter(State(portal): State<Shared>, Form(form): Form<Entering>) -> Answer {
    only_in_development(&portal)?;
    let person = super::people::find(&portal, &form.persona).ok_or(StatusCode::NOT_FOUND)?;
    begin(&portal, person, place(form.poi.as_deref())).await
}

/// Begins a session of a proven person, under a token that was never used before.
pub(super) async fn begin(portal: &Portal, person: Person, place: &str) -> Answer {
    let token = cookie::token();
    let session = Session::of(person);
    portal
        .api
        .store
        .open_session(cookie::key(&token), &session)
        .await?;
    let cookie = Jar::Session.write(&token, portal.encrypted);
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to(place)).into_response())
}

#[derive(Template)]
#[template(path = "http/pages/access/information.html")]
struct InformationPage {
    chrome: Chrome,
    place: String,
}

async fn information(State(portal): State<Shared>, visitor: Visitor, Query(onward): Query<Onward>) -> Answer {
    show(&InformationPage {
        chrome: Chrome::visitor(&portal, &visitor, "Informativa sul servizio"),
        place: onward.place(),
    })
}

async fn informed(State(portal): State<Shared>, mut visitor: Visitor, Form(onward): Form<Onward>) -> Answer {
    visitor.session.memory.informed = true;
    visitor.keep(&portal).await?;
    Ok(Redirect::to(&onward.place()).into_response())
}

/// A profile that can be taken.
struct Profile {
    role: Role,
    label: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "http/pages/access/profile.html")]
struct ProfilePage {
    chrome: Chrome,
    place: String,
    profiles: Vec<Profile>,
}

impl ProfilePage {
    fn new(portal: &Portal, visitor: &Visitor, place: String, errors: FormErrors) -> Self {
        let chrome = Chrome::visitor(portal, visitor, "Scegli la modalità di lavoro");
        let acting = visitor.session.acting;
        let profile = |role: Role| Profile {
            role,
            label: role_label(role),
            chosen: acting == Some(role),
        };
        let mut profiles: Vec<Profile> = roles(&visitor.session.person).into_iter().map(profile).collect();
        profiles.reverse();
        Self {
            chrome: chrome.with_errors(errors),
            place,
            profiles,
        }
    }
}

fn roles(person: &Person) -> Vec<Role> {
    match &person.capacity {
        Capacity::Patronato(member) => member.roles.clone(),
        Capacity::Sede { .. } | Capacity::Manager => Vec::new(),
    }
}

async fn profile(State(portal): State<Shared>, visitor: Visitor, Query(onward): Query<Onward>) -> Answer {
    show(&ProfilePage::new(
        &portal,
        &visitor,
        onward.place(),
        FormErrors::default(),
    ))
}

#[derive(Debug, Deserialize)]
struct Choosing {
    #[serde(default)]
    profilo: String,
    #[serde(default)]
    poi: Option<String>,
}

async fn choose(State(portal): State<Shared>, mut visitor: Visitor, Form(form): Form<Choosing>) -> Answer {
    let place = place(form.poi.as_deref()).to_owned();
    let role = Role::from_word(&form.profilo).filter(|role| roles(&visitor.session.person).contains(role));
    let Some(role) = role else {
        let errors = FormErrors::one("profilo", "Scegli con quale profilo vuoi lavorare.");
        return show_again(&ProfilePage::new(&portal, &visitor, place, errors));
    };
    visitor.session.acting = Some(role);
    visitor.keep(&portal).await?;
    Ok(Redirect::to(&place).into_response())
}

async fn leave(State(portal): State<Shared>, headers: HeaderMap) -> Answer {
    if let Some(token) = Jar::Session.read(&headers, portal.encrypted) {
        portal.api.store.close_session(cookie::key(&token)).await?;
    }
    let gone = Jar::Session.remove(portal.encrypted);
    Ok((
        AppendHeaders([(header::SET_COOKIE, gone)]),
        Redirect::to("/uscita"),
    )
        .into_response())
}

#[derive(Template)]
#[template(path = "http/pages/access/left.html")]
struct LeftPage {
    chrome: Chrome,
}

async fn left(State(portal): State<Shared>) -> Answer {
    show(&LeftPage {
        chrome: Chrome::public(&portal, "Sei uscito dal servizio"),
    })
}

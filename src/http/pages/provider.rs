//! Signing in at the identity provider: there with a secret only this browser and this service know, and back once.

use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect};
use axum::routing::get;
use serde::Deserialize;

use super::Shared;
use super::access::{begin, refuse};
use super::cookie::{self, Jar};
use super::fault::{Answer, Fault};
use super::viewer::place;
use crate::domain::session::PendingSignIn;
use crate::identity::{Begun, Denied, Login, LoginError};

/// Longest a person may take at the provider.
const PATIENCE: Duration = Duration::from_mins(15);

const AWAY: &str = "Il servizio di identificazione non risponde: riprova fra qualche minuto.";
const BROKEN_OFF: &str = "L'accesso non è stato completato: riprova.";
const NOT_KNOWN: &str = "L'identità è stata verificata, ma il profilo non permette di usare questo servizio.";

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/accesso/entra", get(leave_for_provider))
        .route("/accesso/ritorno", get(come_back))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Onward {
    poi: Option<String>,
}

async fn leave_for_provider(State(portal): State<Shared>, Query(onward): Query<Onward>) -> Answer {
    let login = portal.login.as_ref().ok_or(StatusCode::NOT_FOUND)?;
    let wanted = place(onward.poi.as_deref()).to_owned();
    let Begun { url, state, pending } = match login.begin(wanted).await {
        Ok(begun) => begun,
        Err(error) => {
            tracing::warn!(%error, "nobody can be sent to the identity provider");
            return refuse(&portal, StatusCode::SERVICE_UNAVAILABLE, AWAY);
        }
    };
    let browser = cookie::token();
    let (state, known) = (cookie::key(&state), cookie::key(&browser));
    portal.api.store.begin_sign_in(state, known, &pending).await?;
    let cookie = Jar::SignIn.write(&browser, portal.encrypted);
    Ok((
        AppendHeaders([(header::SET_COOKIE, cookie)]),
        Redirect::to(url.as_str()),
    )
        .into_response())
}

/// What the provider sends a browser back with (RFC 6749, 4.1.2). Its Debug is silent: a code is a secret.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Returned {
    code: Option<String>,
    state: String,
}

async fn come_back(
    State(portal): State<Shared>,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Answer {
    let login = portal.login.as_ref().ok_or(StatusCode::NOT_FOUND)?;
    let Some(pending) = pending(&portal, &headers, &returned.state).await? else {
        return refuse(&portal, StatusCode::BAD_REQUEST, BROKEN_OFF);
    };
    let Some(code) = returned.code else {
        return refuse(&portal, StatusCode::BAD_REQUEST, BROKEN_OFF);
    };
    finish(&portal, login, code, &pending).await
}

async fn pending(portal: &Shared, headers: &HeaderMap, state: &str) -> Result<Option<PendingSignIn>, Fault> {
    let Some(browser) = Jar::SignIn.read(headers, portal.encrypted) else {
        return Ok(None);
    };
    let (state, browser) = (cookie::key(state), cookie::key(&browser));
    Ok(portal.api.store.end_sign_in(state, browser, PATIENCE).await?)
}

async fn finish(portal: &Shared, login: &Login, code: String, pending: &PendingSignIn) -> Answer {
    match login.finish(code, pending).await {
        Ok(person) => {
            let mut answer = begin(portal, person, &pending.place).await?;
            let gone = Jar::SignIn.remove(portal.encrypted);
            answer.headers_mut().append(header::SET_COOKIE, gone);
            Ok(answer)
        }
        Err(error) => {
            tracing::warn!(%error, "a sign-in was refused");
            match error {
                LoginError::Denied(Denied::NoAccess(_)) => refuse(portal, StatusCode::FORBIDDEN, NOT_KNOWN),
                LoginError::Denied(Denied::Unavailable) | LoginError::Discovery(_) => {
                    refuse(portal, StatusCode::SERVICE_UNAVAILABLE, AWAY)
                }
                LoginError::Denied(Denied::Invalid(_)) | LoginError::Exchange(_) | LoginError::NoIdToken => {
                    refuse(portal, StatusCode::BAD_REQUEST, BROKEN_OFF)
                }
            }
        }
    }
}

//! What one writes for a request, kept until it is sent: while one writes, by a script, and when the session ran out
//! meanwhile, by the form itself. It is there again when one comes back.

use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::post;
use serde::Deserialize;

use super::address;
use crate::domain::command::{CommandKind, Personal};
use crate::domain::ids::RequestId;
use crate::domain::person::Person;
use crate::domain::session::Tone;
use crate::http::api::path::OfRequest;
use crate::http::pages::fault::Answer;
use crate::http::pages::viewer::{Viewer, Writer};
use crate::http::pages::{Portal, Shared};
use crate::store::StoreError;

/// Longest text kept; what may be sent is less.
const LONGEST: usize = 20_000;

/// Said above a text that is there again.
pub(super) const THERE_AGAIN: &str = "Il testo che stavi scrivendo non è stato inviato ed è conservato qui sotto. Gli allegati vanno scelti di nuovo.";

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/richieste/{id}/messaggi/bozza", post(message))
        .route("/richieste/{id}/messaggi/elimina", post(forget_message))
        .route("/richieste/{id}/appuntamento/bozza", post(wish))
        .route("/richieste/{id}/appuntamento/elimina", post(forget_wish))
}

/// The text of either form.
#[derive(Deserialize)]
struct Written {
    #[serde(alias = "preferenza", default)]
    testo: String,
}

async fn message(
    State(portal): State<Shared>,
    writer: Writer,
    OfRequest(id): OfRequest,
    Form(form): Form<Written>,
) -> Answer {
    take(&portal, &writer, id, CommandKind::Message, &form.testo).await
}

async fn wish(
    State(portal): State<Shared>,
    writer: Writer,
    OfRequest(id): OfRequest,
    Form(form): Form<Written>,
) -> Answer {
    take(&portal, &writer, id, CommandKind::Book, &form.testo).await
}

/// Answers a script.
async fn take(portal: &Portal, writer: &Writer, id: RequestId, command: CommandKind, text: &str) -> Answer {
    let (person, answer) = match writer {
        Writer::Viewer(viewer) => (&viewer.person, Ok(StatusCode::NO_CONTENT.into_response())),
        Writer::Lapsed(person) => (person, Err(StatusCode::UNAUTHORIZED.into())),
    };
    keep(portal, person, id, command, text).await?;
    answer
}

/// Keeps a text in place of the one before; none where nothing is left of it.
pub(super) async fn keep(
    portal: &Portal,
    person: &Person,
    id: RequestId,
    command: CommandKind,
    text: &str,
) -> Result<(), StoreError> {
    let store = &portal.api.store;
    if text.trim().is_empty() {
        return store.drop_unsent_text(person, id, command).await;
    }
    let text = text.replace("\r\n", "\n").replace('\0', "");
    let text = Personal(text.chars().take(LONGEST).collect());
    store.keep_unsent_text(person, id, command, &text).await
}

/// What the viewer wrote and did not send; empty where there is nothing.
pub(super) async fn of(
    portal: &Portal,
    viewer: &Viewer,
    id: RequestId,
    command: CommandKind,
) -> Result<String, StoreError> {
    let kept = portal.api.store.unsent_text(&viewer.person, id, command).await?;
    Ok(kept.map(|text| text.0).unwrap_or_default())
}

async fn forget_message(State(portal): State<Shared>, viewer: Viewer, OfRequest(id): OfRequest) -> Answer {
    forget(&portal, viewer, id, CommandKind::Message).await
}

async fn forget_wish(State(portal): State<Shared>, viewer: Viewer, OfRequest(id): OfRequest) -> Answer {
    forget(&portal, viewer, id, CommandKind::Book).await
}

async fn forget(portal: &Portal, mut viewer: Viewer, id: RequestId, command: CommandKind) -> Answer {
    portal
        .api
        .store
        .drop_unsent_text(&viewer.person, id, command)
        .await?;
    viewer.say(portal, Tone::Done, "Testo eliminato.").await?;
    Ok(Redirect::to(&address(id)).into_response())
}

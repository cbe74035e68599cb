//! The confirmation (Figures 17 and 28), and what one may go on with from it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::draft::{self, DraftPath, to_step};
use crate::amqp::Publishing;
use crate::domain::draft::{Draft, DraftId, KeptDraft};
use crate::domain::ids::{RequestId, Source};
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::fault::{Answer, Fault, show};
use crate::http::pages::viewer::Viewer;
use crate::http::pages::{Portal, Shared};
use crate::store::Viewer as Asking;

#[derive(Template)]
#[template(path = "http/pages/new/sent.html")]
struct SentPage {
    chrome: Chrome,
    id: DraftId,
    request: RequestId,
    citizen: Option<String>,
    /// None until the engine has given it one.
    protocol: Option<String>,
    sede: Option<String>,
    /// What the engine waits for before it decides.
    waits: bool,
    /// The broker takes nothing now: what was decided is stored and leaves later.
    delayed: bool,
}

/// The draft of the path and the request it became.
async fn became(
    portal: &Portal,
    viewer: &Viewer,
    id: DraftId,
) -> Result<Result<(KeptDraft, RequestId), axum::response::Response>, Fault> {
    let kept = draft::any(portal, viewer, id).await?;
    Ok(match kept.request {
        Some(request) => Ok((kept, request)),
        None => Err(to_step(id, draft::next_step(&kept.draft))),
    })
}

pub(super) async fn confirmation(
    State(portal): State<Shared>,
    viewer: Viewer,
    Path(path): Path<DraftPath>,
) -> Answer {
    let (kept, request) = match became(&portal, &viewer, path.id()).await? {
        Ok(became) => became,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let mut question = portal.api.store.ask(&Asking::person(&viewer.person)).await?;
    let found = question.request(request).await?;
    drop(question);
    let source = Source::Portal(viewer.membership.patronato.clone());
    let waits = match found {
        Some(_) => false,
        None => portal
            .api
            .store
            .parked(&source, &path.id().message_id())
            .await?
            .is_some(),
    };
    let publishing = portal.api.broker.state().borrow().publishing.clone();
    let registers = portal.api.registers.borrow().clone();
    let sede = found
        .as_ref()
        .and_then(|listed| registers.sede(&listed.request.case.sede));
    let title = if viewer.is_referent() {
        "Richiesta inviata con successo!"
    } else {
        "Richiesta inviata con successo"
    };
    show(&SentPage {
        chrome: Chrome::of(&portal, &viewer, Menu::NewRequest, title),
        id: path.id(),
        request,
        citizen: kept.draft.citizen.map(|citizen| citizen.full_name()),
        protocol: found.as_ref().map(|listed| listed.request.protocol.to_string()),
        sede: sede.map(crate::domain::registers::Sede::label),
        waits,
        delayed: !matches!(publishing, Publishing::Up),
    })
}

pub(super) async fn same_citizen(
    State(portal): State<Shared>,
    viewer: Viewer,
    Path(path): Path<DraftPath>,
) -> Answer {
    follow(&portal, &viewer, path.id(), Draft::of_same_citizen).await
}

pub(super) async fn another_citizen(
    State(portal): State<Shared>,
    viewer: Viewer,
    Path(path): Path<DraftPath>,
) -> Answer {
    follow(&portal, &viewer, path.id(), Draft::for_another_citizen).await
}

/// Begins another draft from one that was sent.
async fn follow(portal: &Portal, viewer: &Viewer, id: DraftId, from: impl FnOnce(&Draft) -> Draft) -> Answer {
    if viewer.is_referent() {
        return Err(StatusCode::FORBIDDEN.into());
    }
    match became(portal, viewer, id).await? {
        Ok((kept, _)) => {
            let draft = from(&kept.draft);
            let id = draft::begin(portal, viewer, &draft).await?;
            Ok(to_step(id, draft::next_step(&draft)))
        }
        Err(elsewhere) => Ok(elsewhere),
    }
}

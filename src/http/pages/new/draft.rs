//! The draft an address names: the viewer's own, in the role taken, and not sent yet.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use uuid::Uuid;

use crate::domain::draft::{Draft, DraftId, KeptDraft};
use crate::domain::session::Tone;
use crate::http::pages::fault::{Answer, Fault};
use crate::http::pages::viewer::Viewer;
use crate::http::pages::{Portal, Shared};
use crate::http::problem::Problem;
use crate::store::StoreError;

/// The `{bozza}` of a path.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(super) struct DraftPath(Uuid);

impl DraftPath {
    pub(super) const fn id(self) -> DraftId {
        DraftId(self.0)
    }
}

/// A step of a draft, as a path.
pub(super) fn step(id: DraftId, name: &str) -> String {
    format!("/nuova/{id}/{name}")
}

pub(super) fn to_step(id: DraftId, name: &str) -> Response {
    Redirect::to(&step(id, name)).into_response()
}

pub(super) async fn begin(portal: &Portal, viewer: &Viewer, draft: &Draft) -> Result<DraftId, StoreError> {
    let id = DraftId(portal.api.clock.new_id());
    portal.api.store.begin_draft(&viewer.person, id, draft).await?;
    Ok(id)
}

/// A draft of the viewer, sent or not.
pub(super) async fn any(portal: &Portal, viewer: &Viewer, id: DraftId) -> Result<KeptDraft, Fault> {
    let kept = portal.api.store.draft(&viewer.person, id).await?;
    kept.filter(|kept| kept.draft.role == viewer.role)
        .ok_or_else(unknown)
}

fn unknown() -> Fault {
    let problem = Problem::new(StatusCode::NOT_FOUND).code("draft_unknown");
    problem
        .detail("La bozza non esiste più, oppure appartiene a un altro profilo di lavoro.")
        .into()
}

/// Why a step is not shown: where to go instead, or what went wrong.
pub(super) enum Elsewhere {
    Go(Response),
    Fault(Fault),
}

impl Elsewhere {
    pub(super) fn answer(self) -> Answer {
        match self {
            Self::Go(response) => Ok(response),
            Self::Fault(fault) => Err(fault),
        }
    }
}

/// A draft to be written on. One that was sent shows what became of it.
pub(super) async fn open(portal: &Portal, viewer: &Viewer, id: DraftId) -> Result<Draft, Elsewhere> {
    let kept = any(portal, viewer, id).await.map_err(Elsewhere::Fault)?;
    match kept.request {
        Some(_) => Err(Elsewhere::Go(to_step(id, "conferma"))),
        None => Ok(kept.draft),
    }
}

/// A draft whose citizen is known and delegation declared, where its role asks for them.
pub(super) async fn delegated(portal: &Portal, viewer: &Viewer, id: DraftId) -> Result<Draft, Elsewhere> {
    let draft = open(portal, viewer, id).await?;
    if viewer.is_referent() || (draft.citizen.is_some() && draft.delegated_at.is_some()) {
        return Ok(draft);
    }
    Err(Elsewhere::Go(to_step(id, first_gap(&draft))))
}

fn first_gap(draft: &Draft) -> &'static str {
    match (&draft.citizen, draft.candidates.is_empty()) {
        (Some(_), _) => "conferma-utente",
        (None, false) => "scelta",
        (None, true) => "cittadino",
    }
}

/// Where to go on with a draft of a list.
pub(super) fn next_step(draft: &Draft) -> &'static str {
    match draft.role {
        crate::domain::command::Role::RegionalReferent => "compilazione",
        crate::domain::command::Role::Operator if draft.citizen.is_some() && draft.delegated_at.is_some() => {
            "compilazione"
        }
        crate::domain::command::Role::Operator => first_gap(draft),
    }
}

pub(super) async fn discard(
    State(portal): State<Shared>,
    mut viewer: Viewer,
    Path(path): Path<DraftPath>,
) -> Answer {
    portal.api.store.drop_draft(&viewer.person, path.id()).await?;
    viewer.say(&portal, Tone::Done, "Bozza eliminata.").await?;
    Ok(Redirect::to("/").into_response())
}

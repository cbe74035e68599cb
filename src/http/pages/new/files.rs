//! The attachments of a draft: judged as they are brought, removed after a question.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};

use super::compile_form::Filled;
use super::draft::{self, DraftPath, step};
use crate::domain::attachment::Sha256Hex;
use crate::domain::attachment::StoredAttachment;
use crate::domain::draft::{Draft, DraftId};
use crate::domain::ids::InvalidId;
use crate::domain::session::Tone;
use crate::http::api::attachments::{self, Upload};
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::fault::{Answer, Fault, show};
use crate::http::pages::forms::FormErrors;
use crate::http::pages::viewer::Viewer;
use crate::http::pages::{Portal, Shared};

impl Filled {
    pub(super) fn files_ref(&self) -> &[Upload] {
        &self.files
    }
}

/// Adds files to a draft; what is wrong with one of them is an error of the form, and the others stay.
pub(super) async fn attach(
    portal: &Portal,
    viewer: &Viewer,
    draft: &mut Draft,
    uploads: &[Upload],
) -> Result<Option<FormErrors>, Fault> {
    let mut errors = FormErrors::default();
    let limits = portal.api.limits.attachments;
    for file in uploads {
        if draft.files.len() >= limits.files {
            errors.add(
                "allegato",
                format!("Gli allegati sono al massimo {}.", limits.files),
            );
            break;
        }
        match attachments::keep(&portal.api, &viewer.person, file.clone()).await {
            Ok(kept) if total(draft) + kept.file.size > limits.message => {
                errors.add("allegato", "Gli allegati superano in tutto 20 MB.");
            }
            Ok(kept) => {
                draft.files.retain(|known| known.sha256 != kept.file.sha256);
                draft.files.push(kept.file);
            }
            Err(problem) => match problem.for_people() {
                Some(message) if problem.status().is_client_error() => errors.add("allegato", message),
                Some(_) | None => return Err(problem.into()),
            },
        }
    }
    Ok((!errors.is_empty()).then_some(errors))
}

fn total(draft: &Draft) -> u64 {
    draft.files.iter().map(|file| file.size).sum()
}

#[derive(Template)]
#[template(path = "http/pages/new/remove_file.html")]
struct RemovePage {
    chrome: Chrome,
    id: DraftId,
    file: StoredAttachment,
}

fn hash(text: &str) -> Result<Sha256Hex, Fault> {
    Sha256Hex::parse(text).map_err(|_: InvalidId| StatusCode::NOT_FOUND.into())
}

pub(super) async fn ask(
    State(portal): State<Shared>,
    viewer: Viewer,
    Path((path, file)): Path<(DraftPath, String)>,
) -> Answer {
    let wanted = hash(&file)?;
    match draft::open(&portal, &viewer, path.id()).await {
        Ok(draft) => {
            let found = draft.files.into_iter().find(|file| file.sha256 == wanted);
            let chrome = Chrome::of(&portal, &viewer, Menu::NewRequest, "Rimuovi Allegato");
            show(&RemovePage {
                chrome: chrome.below(step(path.id(), "compilazione"), "Compilazione"),
                id: path.id(),
                file: found.ok_or(StatusCode::NOT_FOUND)?,
            })
        }
        Err(elsewhere) => elsewhere.answer(),
    }
}

pub(super) async fn remove(
    State(portal): State<Shared>,
    mut viewer: Viewer,
    Path((path, file)): Path<(DraftPath, String)>,
) -> Answer {
    let wanted = hash(&file)?;
    let mut draft = match draft::open(&portal, &viewer, path.id()).await {
        Ok(draft) => draft,
        Err(elsewhere) => return elsewhere.answer(),
    };
    draft.files.retain(|file| file.sha256 != wanted);
    portal
        .api
        .store
        .keep_draft(&viewer.person, path.id(), &draft)
        .await?;
    viewer.say(&portal, Tone::Done, "Allegato rimosso.").await?;
    Ok(Redirect::to(&format!("{}#allegati", step(path.id(), "compilazione"))).into_response())
}

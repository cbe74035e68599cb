//! The citizen settled (Figures 7 and 8): chosen among several by an opaque name, confirmed with the delegation.

use askama::Template;
use axum::extract::{Form, Path, State};
use serde::Deserialize;

use super::draft::{self, DraftPath, to_step};
use crate::domain::command::CitizenQuery;
use crate::domain::draft::{Draft, DraftCitizen, DraftId};
use crate::http::api::Trail;
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::fault::{Answer, show, show_again};
use crate::http::pages::forms::FormErrors;
use crate::http::pages::moments;
use crate::http::pages::viewer::Viewer;
use crate::http::pages::{Portal, Shared};
use crate::registry::choice as choice_text;

#[derive(Template)]
#[template(path = "http/pages/new/choice.html")]
struct ChoicePage {
    chrome: Chrome,
    id: DraftId,
    warning: String,
    candidates: Vec<DraftCitizen>,
}

impl ChoicePage {
    fn new(portal: &Portal, viewer: &Viewer, id: DraftId, draft: Draft, errors: FormErrors) -> Self {
        let chrome = Chrome::of(portal, viewer, Menu::NewRequest, "Scegli l'utente")
            .below("/nuova", "Nuova richiesta");
        let same_code = draft.candidates.windows(2).all(|two| match two {
            [one, other] => one.codice_fiscale == other.codice_fiscale,
            _ => true,
        });
        let query = CitizenQuery {
            codice_fiscale: draft
                .candidates
                .first()
                .and_then(|one| one.codice_fiscale.clone())
                .filter(|_| same_code),
            ..CitizenQuery::default()
        };
        Self {
            chrome: chrome.with_errors(errors),
            id,
            warning: choice_text(&query),
            candidates: draft.candidates,
        }
    }
}

pub(super) async fn choice(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    Path(path): Path<DraftPath>,
) -> Answer {
    match draft::open(&portal, &viewer, path.id()).await {
        Ok(draft) => {
            trail.persons(draft.candidates.iter().map(|citizen| citizen.person_id.clone()));
            show(&ChoicePage::new(
                &portal,
                &viewer,
                path.id(),
                draft,
                FormErrors::default(),
            ))
        }
        Err(elsewhere) => elsewhere.answer(),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    utente: String,
}

pub(super) async fn choose(
    State(portal): State<Shared>,
    viewer: Viewer,
    Path(path): Path<DraftPath>,
    Form(chosen): Form<Chosen>,
) -> Answer {
    let id = path.id();
    let mut draft = match draft::open(&portal, &viewer, id).await {
        Ok(draft) => draft,
        Err(elsewhere) => return elsewhere.answer(),
    };
    let found = draft
        .candidates
        .iter()
        .find(|one| one.token(id) == chosen.utente)
        .cloned();
    let Some(citizen) = found else {
        let errors = FormErrors::one("utente", "Seleziona un utente per procedere con la richiesta.");
        return show_again(&ChoicePage::new(&portal, &viewer, id, draft, errors));
    };
    (draft.citizen, draft.delegated_at) = (Some(citizen), None);
    portal.api.store.keep_draft(&viewer.person, id, &draft).await?;
    Ok(to_step(id, "conferma-utente"))
}

#[derive(Template)]
#[template(path = "http/pages/new/confirm_citizen.html")]
struct ConfirmPage {
    chrome: Chrome,
    id: DraftId,
    citizen: DraftCitizen,
    several: bool,
    declared: bool,
}

impl ConfirmPage {
    fn new(
        portal: &Portal,
        viewer: &Viewer,
        id: DraftId,
        draft: &Draft,
        citizen: DraftCitizen,
        errors: FormErrors,
    ) -> Self {
        let chrome = Chrome::of(portal, viewer, Menu::NewRequest, "Conferma utente")
            .below("/nuova", "Nuova richiesta");
        Self {
            chrome: chrome.with_errors(errors),
            id,
            citizen,
            several: draft.candidates.len() > 1,
            declared: draft.delegated_at.is_some(),
        }
    }
}

pub(super) async fn confirmation(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    Path(path): Path<DraftPath>,
) -> Answer {
    let draft = match draft::open(&portal, &viewer, path.id()).await {
        Ok(draft) => draft,
        Err(elsewhere) => return elsewhere.answer(),
    };
    let Some(citizen) = draft.citizen.clone() else {
        return Ok(to_step(path.id(), draft::next_step(&draft)));
    };
    trail.persons([citizen.person_id.clone()]);
    show(&ConfirmPage::new(
        &portal,
        &viewer,
        path.id(),
        &draft,
        citizen,
        FormErrors::default(),
    ))
}

#[derive(Debug, Deserialize)]
pub(super) struct Declared {
    #[serde(default)]
    delega: String,
}

pub(super) async fn confirm(
    State(portal): State<Shared>,
    viewer: Viewer,
    Path(path): Path<DraftPath>,
    Form(declared): Form<Declared>,
) -> Answer {
    let mut draft = match draft::open(&portal, &viewer, path.id()).await {
        Ok(draft) => draft,
        Err(elsewhere) => return elsewhere.answer(),
    };
    let Some(citizen) = draft.citizen.clone() else {
        return Ok(to_step(path.id(), draft::next_step(&draft)));
    };
    if declared.delega != "si" {
        let errors = FormErrors::one(
            "delega",
            "Per continuare occorre dichiarare di essere in possesso della delega.",
        );
        return show_again(&ConfirmPage::new(
            &portal,
            &viewer,
            path.id(),
            &draft,
            citizen,
            errors,
        ));
    }
    draft.delegated_at = Some(portal.api.clock.now());
    portal
        .api
        .store
        .keep_draft(&viewer.person, path.id(), &draft)
        .await?;
    Ok(to_step(path.id(), "compilazione"))
}

//! Whom the request is for (Figure 6): found by codice fiscale or by name. What identifies a person is posted, never in
//! an address.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;

use super::draft::{self, DraftPath, to_step};
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::command::{CitizenQuery, Personal};
use crate::domain::draft::{Draft, DraftCitizen, DraftId, KeptDraft};
use crate::http::api::{Trail, people};
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::fault::{Answer, Fault, show, show_again};
use crate::http::pages::forms::FormErrors;
use crate::http::pages::moments::{self, read_day};
use crate::http::pages::viewer::Viewer;
use crate::http::pages::{Portal, Shared};
use crate::registry::{fitting, nobody};

/// What was typed, kept for the form to show again.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    modo: String,
    codice_fiscale: String,
    cognome: String,
    nome: String,
    data_nascita: String,
}

#[derive(Template)]
#[template(path = "http/pages/new/citizen.html")]
struct CitizenPage {
    chrome: Chrome,
    action: String,
    wanted: Wanted,
    drafts: Vec<KeptDraft>,
}

impl CitizenPage {
    fn new(
        portal: &Portal,
        viewer: &Viewer,
        draft: Option<DraftId>,
        wanted: Wanted,
        errors: FormErrors,
    ) -> Self {
        let chrome = Chrome::of(portal, viewer, Menu::NewRequest, "Nuova richiesta");
        Self {
            chrome: chrome.with_errors(errors),
            action: draft.map_or_else(
                || "/nuova/cittadino".to_owned(),
                |id| draft::step(id, "cittadino"),
            ),
            wanted,
            drafts: Vec::new(),
        }
    }
}

fn only_operators(viewer: &Viewer) -> Result<(), Fault> {
    if viewer.is_referent() {
        return Err(StatusCode::FORBIDDEN.into());
    }
    Ok(())
}

pub(super) async fn ask(State(portal): State<Shared>, viewer: Viewer) -> Answer {
    if viewer.is_referent() {
        return Ok(Redirect::to("/nuova").into_response());
    }
    let page = CitizenPage::new(&portal, &viewer, None, Wanted::default(), FormErrors::default());
    let drafts = portal.api.store.drafts(&viewer.person, viewer.role).await?;
    show(&CitizenPage { drafts, ..page })
}

pub(super) async fn ask_for_draft(
    State(portal): State<Shared>,
    viewer: Viewer,
    Path(path): Path<DraftPath>,
) -> Answer {
    only_operators(&viewer)?;
    if let Err(elsewhere) = draft::open(&portal, &viewer, path.id()).await {
        return elsewhere.answer();
    }
    let page = CitizenPage::new(
        &portal,
        &viewer,
        Some(path.id()),
        Wanted::default(),
        FormErrors::default(),
    );
    show(&page)
}

pub(super) async fn find(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    Form(wanted): Form<Wanted>,
) -> Answer {
    only_operators(&viewer)?;
    let draft = Draft::new(viewer.role);
    found(&portal, &viewer, &trail, None, draft, wanted).await
}

pub(super) async fn find_for_draft(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    Path(path): Path<DraftPath>,
    Form(wanted): Form<Wanted>,
) -> Answer {
    only_operators(&viewer)?;
    match draft::open(&portal, &viewer, path.id()).await {
        Ok(draft) => found(&portal, &viewer, &trail, Some(path.id()), draft, wanted).await,
        Err(elsewhere) => elsewhere.answer(),
    }
}

/// Looks the citizen up, and goes on: to the confirmation of one, to the choice among several, or back to the form.
async fn found(
    portal: &Portal,
    viewer: &Viewer,
    trail: &Trail,
    id: Option<DraftId>,
    mut draft: Draft,
    wanted: Wanted,
) -> Answer {
    let again = |wanted, errors| show_again(&CitizenPage::new(portal, viewer, id, wanted, errors));
    let query = match query(&wanted) {
        Ok(query) => query,
        Err(errors) => return again(wanted, errors),
    };
    let registered = people::people(&portal.api, &query).await?;
    let candidates: Vec<DraftCitizen> = match fitting(&registered, &query) {
        Ok(fitting) => fitting.into_iter().map(DraftCitizen::from).collect(),
        Err(refusal) => return again(wanted, FormErrors::one("codice_fiscale", refusal.message)),
    };
    trail.persons(candidates.iter().map(|citizen| citizen.person_id.clone()));
    (draft.citizen, draft.delegated_at) = (None, None);
    let next = match candidates.as_slice() {
        [] => {
            let field = if query.codice_fiscale.is_some() {
                "codice_fiscale"
            } else {
                "cognome"
            };
            return again(wanted, FormErrors::one(field, nobody(&query)));
        }
        [only] => {
            draft.citizen = Some(only.clone());
            "conferma-utente"
        }
        [_, _, ..] => "scelta",
    };
    draft.candidates = candidates;
    let id = match id {
        Some(id) => {
            portal.api.store.keep_draft(&viewer.person, id, &draft).await?;
            id
        }
        None => draft::begin(portal, viewer, &draft).await?,
    };
    Ok(to_step(id, next))
}

/// What is looked for, or what is missing in it.
fn query(wanted: &Wanted) -> Result<CitizenQuery, FormErrors> {
    if wanted.modo == "anagrafica" {
        return by_name(wanted);
    }
    let text = wanted.codice_fiscale.trim();
    if text.is_empty() {
        return Err(FormErrors::one("codice_fiscale", "Inserisci il codice fiscale."));
    }
    let code = CodiceFiscale::parse(text).map_err(|_| {
        let message = "Il codice fiscale non è corretto: controlla i 16 caratteri (o le 11 cifre di quello provvisorio).";
        FormErrors::one("codice_fiscale", message)
    })?;
    Ok(CitizenQuery {
        codice_fiscale: Some(code),
        ..CitizenQuery::default()
    })
}

fn by_name(wanted: &Wanted) -> Result<CitizenQuery, FormErrors> {
    let mut errors = FormErrors::default();
    for (field, value, name) in [
        ("cognome", &wanted.cognome, "il cognome"),
        ("nome", &wanted.nome, "il nome"),
    ] {
        if value.trim().is_empty() {
            errors.add(field, format!("Inserisci {name}."));
        }
    }
    let born_on = read_day(&wanted.data_nascita);
    if born_on.is_none() {
        errors.add(
            "data_nascita",
            "Inserisci la data di nascita: giorno, mese e anno.",
        );
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let personal = |text: &str| Some(Personal(text.trim().to_owned()));
    Ok(CitizenQuery {
        family_name: personal(&wanted.cognome),
        given_name: personal(&wanted.nome),
        born_on,
        ..CitizenQuery::default()
    })
}

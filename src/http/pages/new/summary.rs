//! The summary (Figures 14 to 16, 26 and 27): where the request goes, another sede in its place, and "Invia".

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use serde::Deserialize;

use super::draft::{self, DraftPath, step, to_step};
use super::submit::{Judged, Outcome, judge, send};
use crate::domain::draft::{Draft, DraftId};
use crate::domain::ids::SedeCode;
use crate::domain::place::{Province, Region};
use crate::domain::refusal::RefusalCode;
use crate::domain::session::Tone;
use crate::http::api::Trail;
use crate::http::api::catalogue::{SedeCard, choices};
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::fault::{Answer, Fault, show, show_again};
use crate::http::pages::forms::{Choice, FormErrors};
use crate::http::pages::moments;
use crate::http::pages::viewer::Viewer;
use crate::http::pages::{Portal, Shared};
use crate::routing::{Desk, Destination, Routing};

/// The change of sede, step by step: nothing personal is in it, so it may stand in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Change {
    cambia: String,
    regione: String,
    provincia: String,
    sede: String,
}

impl Change {
    fn is_wanted(&self) -> bool {
        self.cambia == "si"
    }
}

/// What can be chosen at each step of the change.
struct Cascade {
    regions: Vec<Choice>,
    provinces: Vec<Choice>,
    sedi: Vec<Choice>,
    chosen: Change,
}

#[derive(Template)]
#[template(path = "http/pages/new/summary.html")]
struct SummaryPage {
    chrome: Chrome,
    id: DraftId,
    draft: Draft,
    operator: String,
    topic: String,
    practice: Option<(&'static str, String)>,
    /// Where it goes; none while another one is being chosen.
    sede: Option<SedeCard>,
    /// It waits on a desk first, or no rule knows where it goes.
    remark: Option<&'static str>,
    cascade: Option<Cascade>,
}

/// Everything a summary shows, or where to go because the draft is not ready.
async fn prepared(
    portal: &Portal,
    viewer: &Viewer,
    id: DraftId,
    change: Change,
    errors: FormErrors,
) -> Result<Result<SummaryPage, axum::response::Response>, Fault> {
    let draft = match draft::delegated(portal, viewer, id).await {
        Ok(draft) => draft,
        Err(elsewhere) => return elsewhere.answer().map(Err),
    };
    let routing = match judge(portal, viewer, &draft).await? {
        Judged::Goes(routing) => routing,
        Judged::Refused(refusal) if refusal.code == RefusalCode::SedeUnknown => {
            let proposed = Draft { sede: None, ..draft };
            portal.api.store.keep_draft(&viewer.person, id, &proposed).await?;
            return Ok(Err(to_step(id, "riepilogo")));
        }
        Judged::Refused(_) => return Ok(Err(to_step(id, "compilazione"))),
    };
    Ok(Ok(page(portal, viewer, id, draft, &routing, change, errors)))
}

fn page(
    portal: &Portal,
    viewer: &Viewer,
    id: DraftId,
    draft: Draft,
    routing: &Routing,
    change: Change,
    errors: FormErrors,
) -> SummaryPage {
    let title = "Nuova richiesta: riepilogo e inoltro";
    let registers = portal.api.registers.borrow();
    let topic = draft.topic.as_ref().and_then(|code| registers.topic(code));
    let changing = change.is_wanted();
    SummaryPage {
        chrome: Chrome::of(portal, viewer, Menu::NewRequest, title).with_errors(errors),
        id,
        operator: viewer.person.name.0.clone(),
        topic: topic.map(|topic| topic.label.clone()).unwrap_or_default(),
        practice: draft
            .practice()
            .map(|practice| (practice.kind.noun(), practice.number.as_str().to_owned())),
        sede: registers
            .sede(&routing.destination.code())
            .map(SedeCard::from)
            .filter(|_| !changing),
        remark: remark(&routing.destination).filter(|_| !changing),
        cascade: changing.then(|| cascade(portal, change)),
        draft,
    }
}

const fn remark(destination: &Destination) -> Option<&'static str> {
    match destination {
        Destination::Sede(_) => None,
        Destination::Desk(Desk::FirstLevel) => Some("A questo argomento risponde direttamente LineaINPS."),
        Destination::Desk(Desk::Unrouted(_)) => Some(
            "La sede competente non si può stabilire in modo automatico: la richiesta sarà assegnata da LineaINPS. \
             Se sai quale sede è competente, puoi sceglierla qui sotto.",
        ),
    }
}

fn cascade(portal: &Portal, chosen: Change) -> Cascade {
    let region = Region::parse(&chosen.regione).ok();
    let province = Province::parse(&chosen.provincia).ok();
    let found = choices(&portal.api.registers.borrow(), region, province);
    let choice =
        |sede: &SedeCard| Choice::new(sede.code.as_str(), format!("{} – {}", sede.name, sede.address));
    Cascade {
        regions: found
            .regions
            .iter()
            .map(|one| Choice::new(one.as_str(), one.as_str()))
            .collect(),
        provinces: found
            .provinces
            .iter()
            .map(|one| Choice::new(one.as_str(), one.as_str()))
            .collect(),
        sedi: if region.is_some() {
            found.sedi.iter().map(choice).collect()
        } else {
            Vec::new()
        },
        chosen,
    }
}

pub(super) async fn summary(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    Path(path): Path<DraftPath>,
    Query(change): Query<Change>,
) -> Answer {
    match prepared(&portal, &viewer, path.id(), change, FormErrors::default()).await? {
        Ok(page) => {
            trail.persons(
                page.draft
                    .citizen
                    .as_ref()
                    .map(|citizen| citizen.person_id.clone()),
            );
            show(&page)
        }
        Err(elsewhere) => Ok(elsewhere),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pressed {
    azione: String,
    #[serde(flatten)]
    change: Change,
}

pub(super) async fn take(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    Path(path): Path<DraftPath>,
    Form(pressed): Form<Pressed>,
) -> Answer {
    match pressed.azione.as_str() {
        "sede" => choose(&portal, &viewer, path.id(), pressed.change).await,
        "proposta" => keep_sede(&portal, &viewer, path.id(), None).await,
        _ if pressed.change.is_wanted() => nothing_chosen(&portal, &viewer, path.id(), pressed.change).await,
        _ => forward(&portal, viewer, &trail, path.id()).await,
    }
}

async fn choose(portal: &Portal, viewer: &Viewer, id: DraftId, change: Change) -> Answer {
    let known = SedeCode::parse(&change.sede).ok().filter(|code| {
        let registers = portal.api.registers.borrow();
        registers
            .sede(code)
            .is_some_and(crate::domain::registers::SedeSearch::can_be_chosen)
    });
    match known {
        Some(code) => keep_sede(portal, viewer, id, Some(code)).await,
        None => nothing_chosen(portal, viewer, id, change).await,
    }
}

/// "NESSUNA SEDE SELEZIONATA": nothing is sent nowhere.
async fn nothing_chosen(portal: &Portal, viewer: &Viewer, id: DraftId, change: Change) -> Answer {
    let field = if change.regione.is_empty() {
        "regione"
    } else {
        "sede"
    };
    let errors = FormErrors::one(field, "Seleziona la sede di inoltro.");
    let change = Change {
        cambia: "si".to_owned(),
        ..change
    };
    match prepared(portal, viewer, id, change, errors).await? {
        Ok(page) => show_again(&page),
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn keep_sede(portal: &Portal, viewer: &Viewer, id: DraftId, sede: Option<SedeCode>) -> Answer {
    match draft::delegated(portal, viewer, id).await {
        Ok(draft) => {
            let draft = Draft { sede, ..draft };
            portal.api.store.keep_draft(&viewer.person, id, &draft).await?;
            Ok(to_step(id, "riepilogo"))
        }
        Err(elsewhere) => elsewhere.answer(),
    }
}

/// "Invia": whatever is sent twice under one draft becomes one request.
async fn forward(portal: &Portal, mut viewer: Viewer, trail: &Trail, id: DraftId) -> Answer {
    let draft = match draft::delegated(portal, &viewer, id).await {
        Ok(draft) => draft,
        Err(elsewhere) => return elsewhere.answer(),
    };
    match send(portal, &viewer, trail, id, &draft).await? {
        Outcome::Sent(request) => {
            portal.api.store.sent_draft(id, request).await?;
            Ok(to_step(id, "conferma"))
        }
        Outcome::Refused(problem) => match problem.for_people() {
            Some(message) if problem.status().is_client_error() => {
                viewer.say(portal, Tone::Failed, message).await?;
                Ok(axum::response::IntoResponse::into_response(
                    axum::response::Redirect::to(&step(id, "compilazione")),
                ))
            }
            Some(_) | None => Err(problem.into()),
        },
    }
}

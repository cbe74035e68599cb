//! The compilation (Figures 9 to 13, 24 and 25): reason, reference of the practice, topic, text, notes, attachments.

use std::collections::BTreeMap;

use askama::Template;
use axum::Json;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};

use super::compile_choices::{TopicChoice, label, reasons, topics};
use super::compile_form::Filled;
use super::draft::{self, DraftPath, step, to_step};
use super::files::attach;
use super::submit::{Judged, errors_of, judge};
use crate::domain::command::ContactReason;
use crate::domain::draft::{Draft, DraftId};
use crate::domain::person::Person;
use crate::domain::practice::PracticeKind;
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::session::Tone;
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::fault::{Answer, Fault, show, show_again};
use crate::http::pages::forms::{Choice, FormErrors};
use crate::http::pages::viewer::{Viewer, Writer};
use crate::http::pages::{Portal, Shared};
use crate::store::StoreError;

/// A warning the manual shows in a window of its own (Figures 10 and 11).
struct Warning {
    text: String,
}

#[derive(Template)]
#[template(path = "http/pages/new/compile.html")]
struct CompilePage {
    chrome: Chrome,
    id: DraftId,
    draft: Draft,
    referent: bool,
    on_behalf_of: String,
    reasons: Vec<Choice>,
    kinds: Vec<Choice>,
    topics: Vec<TopicChoice>,
    keyword: String,
    warning: Option<Warning>,
}

impl CompilePage {
    fn new(portal: &Portal, viewer: &Viewer, id: DraftId, draft: Draft, errors: FormErrors) -> Self {
        let title = "Nuova richiesta: compilazione";
        let chrome = Chrome::of(portal, viewer, Menu::NewRequest, title).with_errors(errors);
        let on_behalf_of = match &draft.citizen {
            Some(citizen) => citizen.full_name(),
            None => chrome
                .badge
                .as_ref()
                .map(|badge| badge.label.clone())
                .unwrap_or_default(),
        };
        let kinds = PracticeKind::ALL.iter();
        Self {
            chrome,
            id,
            referent: viewer.is_referent(),
            on_behalf_of,
            reasons: reasons(viewer.role),
            kinds: kinds
                .map(|kind| Choice::new(kind.as_str(), label(*kind)))
                .collect(),
            topics: topics(portal, viewer.role, draft.reason, ""),
            keyword: String::new(),
            warning: None,
            draft,
        }
    }

    fn reason(&self) -> &'static str {
        self.draft.reason.map_or("", ContactReason::as_str)
    }

    fn kind(&self) -> &'static str {
        self.draft.practice_kind.map_or("", PracticeKind::as_str)
    }

    fn is_chosen(&self, topic: &TopicChoice) -> bool {
        self.draft
            .topic
            .as_ref()
            .is_some_and(|chosen| chosen.as_str() == topic.code)
    }
}

pub(super) async fn form(
    State(portal): State<Shared>,
    viewer: Viewer,
    Path(path): Path<DraftPath>,
) -> Answer {
    match draft::delegated(&portal, &viewer, path.id()).await {
        Ok(draft) => show(&CompilePage::new(
            &portal,
            &viewer,
            path.id(),
            draft,
            FormErrors::default(),
        )),
        Err(elsewhere) => elsewhere.answer(),
    }
}

/// Takes the form, whatever button sent it: what was typed is kept first.
pub(super) async fn take(
    State(portal): State<Shared>,
    writer: Writer,
    Path(path): Path<DraftPath>,
    filled: Filled,
) -> Answer {
    if let Writer::Lapsed(person) = &writer {
        rescue(&portal, person, path.id(), &filled).await?;
    }
    let mut viewer = match writer.or_back(&step(path.id(), "compilazione")) {
        Ok(viewer) => viewer,
        Err(to_sign_in) => return Ok(to_sign_in.into_response()),
    };
    let mut draft = match draft::delegated(&portal, &viewer, path.id()).await {
        Ok(draft) => draft,
        Err(elsewhere) => {
            return match left_over(&portal, &mut viewer, path.id(), &filled).await? {
                Some(id) => Ok(to_step(
                    id,
                    if viewer.is_referent() {
                        "compilazione"
                    } else {
                        "conferma-utente"
                    },
                )),
                None => elsewhere.answer(),
            };
        }
    };
    filled.write(&mut draft);
    let refused = attach(&portal, &viewer, &mut draft, filled.files_ref()).await?;
    portal
        .api
        .store
        .keep_draft(&viewer.person, path.id(), &draft)
        .await?;
    if let Some(errors) = refused {
        return show_again(&CompilePage::new(&portal, &viewer, path.id(), draft, errors));
    }
    match filled.text("azione") {
        "salva" => {
            let text = "Bozza salvata: la ritrovi in «Nuova richiesta».";
            viewer.say(&portal, Tone::Done, text).await?;
            Ok(Redirect::to("/").into_response())
        }
        "argomenti" => {
            let keyword = filled.text("parola_chiave").to_owned();
            let found = topics(&portal, viewer.role, draft.reason, &keyword);
            let page = CompilePage::new(&portal, &viewer, path.id(), draft, FormErrors::default());
            show(&CompilePage {
                topics: found,
                keyword,
                ..page
            })
        }
        "prosegui" => go_on(&portal, &viewer, path.id(), draft).await,
        _ => Ok(Redirect::to(&format!("{}#allegati", step(path.id(), "compilazione"))).into_response()),
    }
}

/// To the summary, if the engine would take the request.
async fn go_on(portal: &Portal, viewer: &Viewer, id: DraftId, draft: Draft) -> Answer {
    let missing = missing(&draft);
    if !missing.is_empty() {
        return show_again(&CompilePage::new(portal, viewer, id, draft, missing));
    }
    match judge(portal, viewer, &draft).await? {
        Judged::Goes(_) => Ok(to_step(id, "riepilogo")),
        Judged::Refused(refusal) => {
            let page = CompilePage::new(portal, viewer, id, draft, errors_of(&refusal));
            show_again(&CompilePage {
                warning: warning(&refusal),
                ..page
            })
        }
    }
}

/// The two refusals the manual shows in a window.
fn warning(refusal: &Refusal) -> Option<Warning> {
    let in_a_window = matches!(
        refusal.code,
        RefusalCode::PracticeNotLinked | RefusalCode::PracticeNotEntitled
    );
    in_a_window.then(|| Warning {
        text: refusal.message.clone(),
    })
}

/// What was left empty, all at once.
fn missing(draft: &Draft) -> FormErrors {
    let mut errors = FormErrors::default();
    if draft.reason.is_none() {
        errors.add("motivo", "Scegli per quale motivo vuoi contattare INPS.");
    }
    if draft.needs_practice() {
        if draft.practice_kind.is_none() {
            errors.add("tipo_pratica", "Scegli il tipo di riferimento della pratica.");
        }
        if draft.practice_number.trim().is_empty() {
            errors.add("numero_pratica", "Inserisci il riferimento della pratica.");
        } else if draft.practice_kind.is_some() && draft.practice().is_none() {
            errors.add(
                "numero_pratica",
                "Il riferimento non può contenere spazi e ha al massimo 50 caratteri.",
            );
        }
    }
    if draft.topic.is_none() {
        errors.add("argomento", "Scegli l'argomento della tua richiesta.");
    }
    if draft.text.trim().is_empty() {
        errors.add("testo", "Inserisci il testo della richiesta.");
    }
    errors
}

/// The session ran out while somebody wrote: what was typed goes into the draft, which is there after signing in.
async fn rescue(portal: &Portal, person: &Person, id: DraftId, filled: &Filled) -> Result<(), StoreError> {
    let store = &portal.api.store;
    if let Some(kept) = store.draft(person, id).await? {
        let mut draft = kept.draft;
        filled.write(&mut draft);
        store.keep_draft(person, id, &draft).await?;
    }
    Ok(())
}

/// The draft was sent from another window meanwhile: what was typed in this one goes into a draft of its own, whose
/// delegation is declared anew.
async fn left_over(
    portal: &Portal,
    viewer: &mut Viewer,
    id: DraftId,
    filled: &Filled,
) -> Result<Option<DraftId>, Fault> {
    let sent = draft::any(portal, viewer, id).await?;
    let mut written = sent.draft.clone();
    filled.write(&mut written);
    if sent.request.is_none() || written == sent.draft {
        return Ok(None);
    }
    written.delegated_at = None;
    let id = draft::begin(portal, viewer, &written).await?;
    viewer.say(portal, Tone::Notice, SENT_MEANWHILE).await?;
    Ok(Some(id))
}

const SENT_MEANWHILE: &str = "La richiesta è stata inviata mentre la stavi modificando. Quello che hai scritto qui è \
                              conservato in una nuova bozza.";

/// Keeps the draft while one writes; answers a script.
pub(super) async fn keep(
    State(portal): State<Shared>,
    writer: Writer,
    Path(path): Path<DraftPath>,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Answer {
    let filled = Filled::of(fields);
    let viewer = match writer {
        Writer::Viewer(viewer) => viewer,
        Writer::Lapsed(person) => {
            rescue(&portal, &person, path.id(), &filled).await?;
            return Err(StatusCode::UNAUTHORIZED.into());
        }
    };
    let Ok(mut draft) = draft::open(&portal, &viewer, path.id()).await else {
        return Err(StatusCode::CONFLICT.into());
    };
    filled.write(&mut draft);
    portal
        .api
        .store
        .keep_draft(&viewer.person, path.id(), &draft)
        .await?;
    Ok(Json(serde_json::json!({ "kept": true })).into_response())
}

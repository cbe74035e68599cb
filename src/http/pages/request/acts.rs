//! What the patronato does to a request from its page: writing, adding documents, soliciting. Each form carries a key,
//! so that a double click, a reload and the way back are one command.

use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};

use super::filled::{Filled, named};
use super::view::{Attempt, RequestPage};
use super::{address, detail, unsent};
use crate::domain::command::CommandKind;
use crate::domain::ids::{MessageId, RequestId};
use crate::domain::refusal::RefusalCode;
use crate::domain::session::Tone;
use crate::http::api::Trail;
use crate::http::api::commands::{Sent, carry_out};
use crate::http::api::path::OfRequest;
use crate::http::pages::fault::{Answer, page};
use crate::http::pages::forms::FormErrors;
use crate::http::pages::viewer::{Viewer, Writer};
use crate::http::pages::{Portal, Shared};
use crate::http::problem::Problem;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/richieste/{id}/messaggi", post(write))
        .route("/richieste/{id}/allegati", post(attach))
        .route("/richieste/{id}/sollecito", post(solicit))
}

///
async fn write(
    State(portal): State<Shared>,
    writer: Writer,
    trail: Trail,
    OfRequest(id): OfRequest,
    mut form: Filled,
) -> Answer {
    let text = form.text("testo");
    if let Writer::Lapsed(person) = &writer {
        unsent::keep(&portal, person, id, CommandKind::Message, &text).await?;
    }
    let viewer = match writer.or_back(&address(id)) {
        Ok(viewer) => viewer,
        Err(to_sign_in) => return Ok(to_sign_in.into_response()),
    };
    let (files, complaints) = form.keep_files(&portal, &viewer).await;
    let sending = Sending {
        kind: CommandKind::Message,
        key: form.key(),
        body: json!({ "text": text, "attachments": named(&files) }),
        attempt: Attempt {
            text,
            files,
            ..Attempt::default()
        },
        complaints,
        text_field: "testo",
        file_field: "allegati",
        done: "Messaggio inviato.",
    };
    send(&portal, viewer, &trail, id, sending).await
}

/// documents later.
async fn attach(
    State(portal): State<Shared>,
    writer: Writer,
    trail: Trail,
    OfRequest(id): OfRequest,
    mut form: Filled,
) -> Answer {
    let viewer = match writer.or_back(&address(id)) {
        Ok(viewer) => viewer,
        Err(to_sign_in) => return Ok(to_sign_in.into_response()),
    };
    let (attached, mut complaints) = form.keep_files(&portal, &viewer).await;
    if attached.is_empty() && complaints.is_empty() {
        complaints.push("Scegli almeno un documento.".to_owned());
    }
    let sending = Sending {
        kind: CommandKind::Attach,
        key: form.key(),
        body: json!({ "attachments": named(&attached) }),
        attempt: Attempt {
            attached,
            ..Attempt::default()
        },
        complaints,
        text_field: "documenti",
        file_field: "documenti",
        done: "Documento aggiunto.",
    };
    send(&portal, viewer, &trail, id, sending).await
}

#[derive(Deserialize)]
struct KeyForm {
    #[serde(default)]
    chiave: String,
}

///
async fn solicit(
    State(portal): State<Shared>,
    writer: Writer,
    trail: Trail,
    OfRequest(id): OfRequest,
    Form(form): Form<KeyForm>,
) -> Answer {
    let viewer = match writer.or_back(&address(id)) {
        Ok(viewer) => viewer,
        Err(to_sign_in) => return Ok(to_sign_in.into_response()),
    };
    let sending = Sending {
        kind: CommandKind::Solicit,
        key: MessageId::parse(&form.chiave).ok(),
        body: json!({}),
        attempt: Attempt::default(),
        complaints: Vec::new(),
        text_field: "",
        file_field: "",
        done: "Sollecito inviato.",
    };
    send(&portal, viewer, &trail, id, sending).await
}

/// A form of the page on its way.
struct Sending {
    kind: CommandKind,
    key: Option<MessageId>,
    body: Value,
    /// What is shown again if it does not go through.
    attempt: Attempt,
    /// What is wrong with the files already.
    complaints: Vec<String>,
    /// Where a complaint about the text, and about the files, is shown; empty where the form has none.
    text_field: &'static str,
    file_field: &'static str,
    /// What is said once it is done.
    done: &'static str,
}

/// Sends a form; one that does not go through is shown again on the request as it stands now.
async fn send(portal: &Portal, viewer: Viewer, trail: &Trail, id: RequestId, sending: Sending) -> Answer {
    let mut attempt = sending.attempt;
    if !sending.complaints.is_empty() {
        attempt.errors = FormErrors::one(sending.file_field, sending.complaints.join(" "));
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return again(portal, &viewer, trail, id, attempt, status).await;
    }
    let (kind, key) = (sending.kind, sending.key);
    match command(portal, &viewer, trail, kind, id, key, &sending.body).await {
        Ok(waits) => done(portal, viewer, kind, id, waits, sending.done).await,
        Err(problem) => {
            unsent::keep(portal, &viewer.person, id, kind, &attempt.text).await?;
            attempt.explain(&problem, sending.text_field, sending.file_field);
            again(portal, &viewer, trail, id, attempt, problem.status()).await
        }
    }
}

/// Sends a command; `true`: it was taken in and is decided later.
pub(super) async fn command(
    portal: &Portal,
    viewer: &Viewer,
    trail: &Trail,
    kind: CommandKind,
    id: RequestId,
    key: Option<MessageId>,
    body: &Value,
) -> Result<bool, Problem> {
    let made = || MessageId::parse(&portal.api.clock.new_id().to_string());
    let key = match key {
        Some(key) => key,
        None => made().map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR))?,
    };
    let sent = Sent {
        body: body.to_string().into(),
        key,
        trace: None,
    };
    let answered = carry_out(&portal.api, &viewer.person, trail, kind, Some(id), sent).await?;
    Ok(answered.body.waits_for.is_some())
}

const LATER: &str = "Ricevuto: sarà registrato appena i servizi necessari rispondono.";

/// Back to the request, which says so; what was written for it is sent.
pub(super) async fn done(
    portal: &Portal,
    mut viewer: Viewer,
    kind: CommandKind,
    id: RequestId,
    waits: bool,
    text: &str,
) -> Answer {
    portal
        .api
        .store
        .drop_unsent_text(&viewer.person, id, kind)
        .await?;
    let (tone, text) = if waits {
        (Tone::Notice, LATER)
    } else {
        (Tone::Done, text)
    };
    viewer.say(portal, tone, text).await?;
    Ok(Redirect::to(&address(id)).into_response())
}

/// The request as it stands now, with what was tried. One that is not there is answered as such.
async fn again(
    portal: &Portal,
    viewer: &Viewer,
    trail: &Trail,
    id: RequestId,
    attempt: Attempt,
    status: StatusCode,
) -> Answer {
    let detail = detail(portal, viewer, trail, id).await?;
    page(status, &RequestPage::new(portal, viewer, &detail, attempt))
}

impl Attempt {
    /// Says what is wrong where it is wrong: beside the text, beside the files, or above everything.
    fn explain(&mut self, problem: &Problem, text: &'static str, files: &'static str) {
        let said = said(problem);
        match RefusalCode::from_word(problem.word()).map(place) {
            Some(Place::Text) if !text.is_empty() => self.errors.add(text, said),
            Some(Place::Files) if !files.is_empty() => self.errors.add(files, said),
            Some(Place::Text | Place::Files | Place::Whole) | None => self.alert = said,
        }
        if problem.status() == StatusCode::CONFLICT && !self.text.is_empty() {
            self.alert = format!("{CHANGED} {}", self.alert);
        }
    }
}

/// Said with the refusal of what was written for a request that is another one by now.
pub(super) const CHANGED: &str = "La richiesta è cambiata mentre la stavi leggendo. Ecco la versione aggiornata; il \
                                  tuo testo è conservato qui sotto.";

/// A problem in words for people.
pub(super) fn said(problem: &Problem) -> String {
    let usual = if problem.status().is_server_error() {
        "Il servizio non risponde: riprova fra qualche minuto. Quello che hai scritto è conservato qui sotto."
    } else {
        "L'operazione non è riuscita: riprova."
    };
    problem.for_people().unwrap_or(usual).to_owned()
}

/// Where in a form a refusal belongs.
enum Place {
    Text,
    Files,
    Whole,
}

const fn place(code: RefusalCode) -> Place {
    match code {
        RefusalCode::TextMissing | RefusalCode::TextTooLong => Place::Text,
        RefusalCode::AttachmentType | RefusalCode::AttachmentTooLarge | RefusalCode::AttachmentMissing => {
            Place::Files
        }
        RefusalCode::CitizenUnknown
        | RefusalCode::CitizenAmbiguous
        | RefusalCode::DelegationMissing
        | RefusalCode::ReasonNotAllowed
        | RefusalCode::PracticeRequired
        | RefusalCode::PracticeNotLinked
        | RefusalCode::PracticeNotEntitled
        | RefusalCode::TopicUnknown
        | RefusalCode::TopicNotForReason
        | RefusalCode::SedeUnknown
        | RefusalCode::RequestUnknown
        | RefusalCode::NotSender
        | RefusalCode::NotYourSede
        | RefusalCode::NotYet
        | RefusalCode::LimitReached
        | RefusalCode::AwaitingReply
        | RefusalCode::ConversationClosed
        | RefusalCode::AlreadyBooked
        | RefusalCode::StateConflict
        | RefusalCode::InvalidBody => Place::Whole,
    }
}

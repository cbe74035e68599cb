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
use super::{address, detail};
use crate::domain::command::CommandKind;
use crate::domain::ids::{MessageId, RequestId};
use crate::domain::refusal::RefusalCode;
use crate::domain::session::Tone;
use crate::http::api::Trail;
use crate::http::api::commands::{Sent, carry_out};
use crate::http::api::path::OfRequest;
use crate::http::pages::fault::{Answer, page};
use crate::http::pages::forms::FormErrors;
use crate::http::pages::viewer::Viewer;
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
    viewer: Viewer,
    trail: Trail,
    OfRequest(id): OfRequest,
    mut form: Filled,
) -> Answer {
    let text = form.text("testo");
    let (files, complaints) = form.keep_files(&portal, &viewer).await;
    let mut attempt = Attempt {
        text: text.clone(),
        files,
        ..Attempt::default()
    };
    if !complaints.is_empty() {
        attempt.errors = FormErrors::one("allegati", complaints.join(" "));
        return again(
            &portal,
            &viewer,
            &trail,
            id,
            attempt,
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    }
    let body = json!({ "text": text, "attachments": named(&attempt.files) });
    match command(
        &portal,
        &viewer,
        &trail,
        CommandKind::Message,
        id,
        form.key(),
        &body,
    )
    .await
    {
        Ok(waits) => done(&portal, viewer, id, waits, "Messaggio inviato.").await,
        Err(problem) => {
            attempt.explain(&problem, "testo", "allegati");
            if problem.status() == StatusCode::CONFLICT {
                attempt.alert = format!("{CHANGED} {}", attempt.alert);
            }
            again(&portal, &viewer, &trail, id, attempt, problem.status()).await
        }
    }
}

const CHANGED: &str = "La richiesta è cambiata mentre la stavi leggendo. Ecco la versione aggiornata; il tuo testo è \
                       conservato qui sotto.";

/// documents later.
async fn attach(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    OfRequest(id): OfRequest,
    mut form: Filled,
) -> Answer {
    let (attached, mut complaints) = form.keep_files(&portal, &viewer).await;
    if attached.is_empty() && complaints.is_empty() {
        complaints.push("Scegli almeno un documento.".to_owned());
    }
    let mut attempt = Attempt {
        attached,
        ..Attempt::default()
    };
    if !complaints.is_empty() {
        attempt.errors = FormErrors::one("documenti", complaints.join(" "));
        return again(
            &portal,
            &viewer,
            &trail,
            id,
            attempt,
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    }
    let body = json!({ "attachments": named(&attempt.attached) });
    match command(
        &portal,
        &viewer,
        &trail,
        CommandKind::Attach,
        id,
        form.key(),
        &body,
    )
    .await
    {
        Ok(waits) => done(&portal, viewer, id, waits, "Documento aggiunto.").await,
        Err(problem) => {
            attempt.explain(&problem, "documenti", "documenti");
            again(&portal, &viewer, &trail, id, attempt, problem.status()).await
        }
    }
}

#[derive(Deserialize)]
struct KeyForm {
    #[serde(default)]
    chiave: String,
}

///
async fn solicit(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    OfRequest(id): OfRequest,
    Form(form): Form<KeyForm>,
) -> Answer {
    let key = MessageId::parse(&form.chiave).ok();
    match command(
        &portal,
        &viewer,
        &trail,
        CommandKind::Solicit,
        id,
        key,
        &json!({}),
    )
    .await
    {
        Ok(waits) => done(&portal, viewer, id, waits, "Sollecito inviato.").await,
        Err(problem) => {
            let mut attempt = Attempt::default();
            attempt.explain(&problem, "", "");
            again(&portal, &viewer, &trail, id, attempt, problem.status()).await
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

pub(super) async fn done(
    portal: &Portal,
    mut viewer: Viewer,
    id: RequestId,
    waits: bool,
    text: &str,
) -> Answer {
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
    }
}

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

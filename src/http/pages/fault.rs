//! What goes wrong, as a page: in Italian, with a way out.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::Shared;
use super::chrome::Chrome;
use super::viewer::Seen;
use crate::http::problem::Problem;
use crate::store::StoreError;

/// A problem a page answers with. [`as_page`] draws it.
#[derive(Debug, Clone)]
pub(super) struct Fault(Box<Problem>);

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl From<StatusCode> for Fault {
    fn from(status: StatusCode) -> Self {
        Problem::new(status).into()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.0.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What a handler of a page answers.
pub(super) type Answer = Result<Response, Fault>;

/// A page with its status.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Answer {
    match template.render() {
        Ok(html) => Ok((status, Html(html)).into_response()),
        Err(error) => {
            tracing::error!(%error, "a page cannot be drawn");
            Err(StatusCode::INTERNAL_SERVER_ERROR.into())
        }
    }
}

/// A page that shows what it was asked for.
pub(super) fn show(template: &impl Template) -> Answer {
    page(StatusCode::OK, template)
}

/// A form once more, with what is wrong with it.
pub(super) fn show_again(template: &impl Template) -> Answer {
    page(StatusCode::UNPROCESSABLE_ENTITY, template)
}

#[derive(Template)]
#[template(path = "http/pages/fault.html")]
struct FaultPage {
    chrome: Chrome,
    /// What can be done about it.
    advice: String,
    status: u16,
}

/// Draws every error as a page: our own faults, and what the parts below answer in a manner of their own.
pub(super) async fn as_page(State(portal): State<Shared>, mut request: Request, next: Next) -> Response {
    let seen = Seen::default();
    request.extensions_mut().insert(seen.clone());
    let wants_page = wants_page(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    let fault = response.extensions().get::<Fault>().cloned();
    if fault.is_none()
        && (response.headers().contains_key(header::CONTENT_TYPE) && is_html(&response)
            || !(status.is_client_error() || status.is_server_error()))
    {
        return response;
    }
    let Fault(problem) = fault.unwrap_or_else(|| Fault::from(status));
    if !wants_page {
        return problem.into_response();
    }
    let (title, advice) = words(status, &problem);
    let mut chrome = Chrome::public(&portal, title);
    chrome.badge = seen.take();
    let drawn = page(
        status,
        &FaultPage {
            chrome,
            advice,
            status: status.as_u16(),
        },
    );
    let mut drawn = drawn.unwrap_or_else(|_| problem.clone().into_response());
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            drawn.headers_mut().insert(name, value.clone());
        }
    }
    drawn
}

/// Browsers say that they take pages; programs, and scripts of ours, read problem details.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT);
    accepted.is_some_and(|value| value.to_str().is_ok_and(|kinds| kinds.contains("text/html")))
}

fn is_html(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// What a page says of a problem: its title and what to do.
fn words(status: StatusCode, problem: &Problem) -> (&'static str, String) {
    let (title, advice) = match status {
        StatusCode::NOT_FOUND => (
            "Pagina non trovata",
            "L'indirizzo non porta a nessuna pagina di questo servizio.",
        ),
        StatusCode::FORBIDDEN => (
            "Accesso non consentito",
            "Il tuo profilo non può aprire questa pagina.",
        ),
        StatusCode::CONFLICT => (
            "La richiesta è cambiata",
            "La richiesta è cambiata mentre la stavi leggendo: riaprila e riprova.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            "Allegati troppo grandi",
            "Quello che hai inviato supera la dimensione massima: torna indietro e togli un allegato.",
        ),
        StatusCode::TOO_MANY_REQUESTS => ("Troppe richieste", "Aspetta qualche secondo e riprova."),
        StatusCode::SERVICE_UNAVAILABLE => (
            "Servizio momentaneamente non disponibile",
            "Riprova fra qualche minuto: quello che hai salvato non va perso.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "Operazione non possibile",
            "Questa pagina non si può aprire in questo modo.",
        ),
        _ if status.is_client_error() => (
            "Richiesta non valida",
            "Torna indietro, controlla i dati e riprova.",
        ),
        _ => (
            "Errore del servizio",
            "Si è verificato un errore inatteso. Riprova; se continua, avvisa chi gestisce il servizio.",
        ),
    };
    (title, problem.for_people().unwrap_or(advice).to_owned())
}

/// Whatever no page is at.
pub(super) async fn unknown_address() -> Fault {
    StatusCode::NOT_FOUND.into()
}

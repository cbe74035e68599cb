//! "Prenotazione appuntamento": an hour the sede publishes, or a wish; and the calendar file of it.

use askama::Template;
use axum::Router;
use axum::extract::{Form, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use chrono::{DateTime, Days, Utc};
use serde::Deserialize;
use serde_json::json;

use super::acts::{CHANGED, command, done, said};
use super::unsent::THERE_AGAIN;
use super::view::{hour, offer};
use super::{address, detail, unsent};
use crate::domain::calendar::TimeZone;
use crate::domain::case::Appointment;
use crate::domain::command::CommandKind;
use crate::domain::event::EventKind;
use crate::domain::ids::{MessageId, RequestId, SedeCode};
use crate::domain::refusal::RefusalCode;
use crate::domain::text::is_blank;
use crate::http::api::Trail;
use crate::http::api::path::OfRequest;
use crate::http::api::requests::detail::RequestDetail;
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::fault::{Answer, Fault, page};
use crate::http::pages::forms::Choice;
use crate::http::pages::history::search::ADDRESS;
use crate::http::pages::viewer::{Viewer, Writer};
use crate::http::pages::{Portal, Shared};
use crate::http::problem::Problem;
use crate::mail::{AppointmentFile, appointment_file};
use crate::store::SlotFilter;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/richieste/{id}/appuntamento", get(form).post(book))
        .route("/richieste/{id}/appuntamento.ics", get(calendar))
}

#[derive(Template)]
#[template(path = "http/pages/request/appointment.html", whitespace = "minimize")]
struct AppointmentPage {
    chrome: Chrome,
    address: String,
    protocol: String,
    sede: String,
    allowed: bool,
    why: String,
    alert: String,
    hours: Vec<Choice>,
    hour: String,
    wish: String,
    key: String,
}

/// The form as it was filled in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Booking {
    chiave: String,
    orario: String,
    preferenza: String,
}

async fn form(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    OfRequest(id): OfRequest,
) -> Answer {
    let wish = unsent::of(&portal, &viewer, id, CommandKind::Book).await?;
    let alert = if wish.is_empty() { "" } else { THERE_AGAIN };
    let booking = Booking {
        preferenza: wish,
        ..Booking::default()
    };
    let drawn = draw(&portal, &viewer, &trail, id, booking, alert.to_owned()).await?;
    page(StatusCode::OK, &drawn)
}

async fn draw(
    portal: &Portal,
    viewer: &Viewer,
    trail: &Trail,
    id: RequestId,
    booking: Booking,
    alert: String,
) -> Result<AppointmentPage, Fault> {
    let detail = detail(portal, viewer, trail, id).await?;
    let offer = offer(&detail.allowed, CommandKind::Book);
    let (allowed, code) = offer.map_or((false, None), |offer| (offer.allowed, offer.code));
    let why = offer.and_then(|offer| offer.message.clone()).unwrap_or_default();
    if code == Some(RefusalCode::NotSender) {
        let foreign = Problem::new(StatusCode::FORBIDDEN).code(RefusalCode::NotSender.as_str());
        return Err(foreign.detail(why).into());
    }
    Ok(AppointmentPage {
        chrome: Chrome::of(portal, viewer, Menu::History, "Prenotazione appuntamento")
            .below(ADDRESS, "Storico richieste")
            .below(address(id), "Dettaglio richiesta selezionata"),
        address: address(id),
        protocol: detail.line.protocol_number.to_string(),
        sede: detail.line.sede_label.clone(),
        hours: if allowed {
            hours(portal, &detail.line.sede).await?
        } else {
            Vec::new()
        },
        allowed,
        why,
        alert,
        hour: booking.orario,
        wish: booking.preferenza,
        key: portal.api.clock.new_id().to_string(),
    })
}

/// Who chooses no hour and prefers none says so to the sede.
const ANY_TIME: &str = "Nessuna preferenza di giorno e orario.";

/// How far ahead hours are offered, and how many.
const DAYS: u64 = 30;
const HOURS: usize = 40;

/// The free hours of a sede; none where it publishes none.
async fn hours(portal: &Portal, sede: &SedeCode) -> Result<Vec<Choice>, Fault> {
    let now = portal.api.clock.now();
    let filter = SlotFilter {
        sede: sede.clone(),
        from: now,
        to: now + Days::new(DAYS),
        free: true,
    };
    let mut starts: Vec<DateTime<Utc>> = portal
        .api
        .store
        .slots(&filter)
        .await?
        .into_iter()
        .map(|slot| slot.starts_at)
        .collect();
    starts.dedup();
    let choice = |at: &DateTime<Utc>| Choice::new(TimeZone::default().local(*at).to_rfc3339(), hour(at));
    Ok(starts.iter().take(HOURS).map(choice).collect())
}

async fn book(
    State(portal): State<Shared>,
    writer: Writer,
    trail: Trail,
    OfRequest(id): OfRequest,
    Form(form): Form<Booking>,
) -> Answer {
    const KIND: CommandKind = CommandKind::Book;
    if let Writer::Lapsed(person) = &writer {
        unsent::keep(&portal, person, id, KIND, &form.preferenza).await?;
    }
    let viewer = match writer.or_back(&format!("{}/appuntamento", address(id))) {
        Ok(viewer) => viewer,
        Err(to_sign_in) => return Ok(to_sign_in.into_response()),
    };
    let mut body = json!({ "wish": form.preferenza.replace("\r\n", "\n") });
    if form.orario.is_empty() && is_blank(&form.preferenza) {
        body["wish"] = json!(ANY_TIME);
    }
    if !form.orario.is_empty() {
        body["slot"] = json!(form.orario);
    }
    let key = MessageId::parse(&form.chiave).ok();
    match command(&portal, &viewer, &trail, KIND, id, key, &body).await {
        Ok(waits) => done(&portal, viewer, KIND, id, waits, BOOKED).await,
        Err(problem) if problem.status() == StatusCode::FORBIDDEN => Err(problem.into()),
        Err(problem) => {
            unsent::keep(&portal, &viewer.person, id, KIND, &form.preferenza).await?;
            let (status, said) = (problem.status(), said(&problem));
            let alert = if status == StatusCode::CONFLICT && !form.preferenza.is_empty() {
                format!("{CHANGED} {said}")
            } else {
                said
            };
            page(status, &draw(&portal, &viewer, &trail, id, form, alert).await?)
        }
    }
}

const BOOKED: &str = "Appuntamento richiesto: la sede lo confermerà.";

/// When the appointment is, or is wished to be.
pub(super) fn date(detail: &RequestDetail) -> Option<DateTime<Utc>> {
    let last = |kind| detail.thread.iter().rfind(|one| one.kind == kind);
    match detail.booking.state {
        Appointment::Booked => last(EventKind::Booked)?.slot.map(|at| at.to_utc()),
        Appointment::Confirmed => last(EventKind::AppointmentConfirmed)?
            .appointment_at
            .map(|at| at.to_utc()),
        Appointment::None | Appointment::Cancelled => None,
    }
}

async fn calendar(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    OfRequest(id): OfRequest,
) -> Answer {
    let detail = detail(&portal, &viewer, &trail, id).await?;
    let at = date(&detail).ok_or(StatusCode::NOT_FOUND)?;
    let last = detail
        .thread
        .iter()
        .rfind(|one| one.kind == EventKind::AppointmentConfirmed);
    let file = appointment_file(&AppointmentFile {
        host: portal.base_url.host_str().unwrap_or("localhost"),
        request: id,
        confirmed: detail.booking.state == Appointment::Confirmed,
        at,
        place: last
            .and_then(|one| one.place.as_ref())
            .map(|place| place.0.as_str()),
        sede: &detail.line.sede_label,
        protocol: &detail.line.protocol_number.to_string(),
        sequence: detail.history.last().map_or(0, |step| step.seq),
        now: portal.api.clock.now(),
    });
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"appuntamento.ics\"",
        ),
    ];
    Ok((headers, file).into_response())
}

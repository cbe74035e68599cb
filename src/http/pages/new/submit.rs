//! From a draft to the command it becomes: judged beforehand by the engine's own rules, then sent through its door.

use std::sync::Arc;

use axum::body::Bytes;

use crate::domain::command::{CommandKind, Practice, Submit};
use crate::domain::draft::{Draft, DraftCitizen, DraftId};
use crate::domain::ids::{RequestId, Source};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::engine::rehearse;
use crate::http::api::commands::{Sent, carry_out};
use crate::http::api::{Trail, people};
use crate::http::pages::Portal;
use crate::http::pages::fault::Fault;
use crate::http::pages::forms::FormErrors;
use crate::http::pages::viewer::Viewer;
use crate::http::problem::Problem;
use crate::routing::Routing;

/// What the engine would say of a draft.
pub(super) enum Judged {
    /// It would go there.
    Goes(Routing),
    Refused(Refusal),
}

/// Asks the registers and the rules, as the engine will once the request is sent.
pub(super) async fn judge(portal: &Portal, viewer: &Viewer, draft: &Draft) -> Result<Judged, Fault> {
    let Some(submit) = command(viewer, draft) else {
        let refusal = Refusal::new(RefusalCode::InvalidBody, "Completa i dati della richiesta.");
        return Ok(Judged::Refused(refusal));
    };
    let (citizens, practices) = match draft.citizen.as_ref().map(DraftCitizen::query) {
        Some(query) => {
            let citizens = people::people(&portal.api, &query).await?;
            let practices = match &submit.practice {
                Some(practice) => practices(portal, practice).await?,
                None => Vec::new(),
            };
            (citizens, practices)
        }
        None => (Vec::new(), Vec::new()),
    };
    let registers = portal.api.registers.borrow();
    let judged = rehearse(&submit, citizens, practices, &registers, &portal.api.limits);
    Ok(judged.map_or_else(Judged::Refused, Judged::Goes))
}

async fn practices(
    portal: &Portal,
    practice: &Practice,
) -> Result<Vec<crate::domain::registers::PracticeRecord>, Problem> {
    let asked = std::slice::from_ref(practice);
    people::one(portal.api.people.practices.find_practices(asked).await?)
}

/// The command a draft becomes; none while something it cannot do without is missing.
fn command(viewer: &Viewer, draft: &Draft) -> Option<Submit> {
    let mut body = draft.body();
    let members = body.as_object_mut()?;
    members.insert(
        "patronato".to_owned(),
        serde_json::json!(viewer.membership.patronato),
    );
    members.insert("office".to_owned(), serde_json::json!(viewer.membership.office));
    members.insert(
        "operator".to_owned(),
        serde_json::json!(viewer.person.as_operator()),
    );
    members.insert("region".to_owned(), serde_json::json!(viewer.membership.region));
    serde_json::from_value(body).ok()
}

/// How sending ended.
pub(super) enum Outcome {
    /// Taken in; it becomes this request.
    Sent(RequestId),
    Refused(Problem),
}

/// Sends a draft, under its own id: the same draft sent again is the same command.
pub(super) async fn send(
    portal: &Portal,
    viewer: &Viewer,
    trail: &Trail,
    id: DraftId,
    draft: &Draft,
) -> Result<Outcome, Fault> {
    let body =
        serde_json::to_vec(&draft.body()).map_err(|_| axum::http::StatusCode::INTERNAL_SERVER_ERROR)?;
    let key = id.message_id();
    let becomes = RequestId::derive(&Source::Portal(viewer.membership.patronato.clone()), &key);
    let sent = Sent {
        body: Bytes::from(body),
        key,
        trace: None,
    };
    let api = Arc::clone(&portal.api);
    match carry_out(&api, &viewer.person, trail, CommandKind::Submit, None, sent).await {
        Ok(answered) => Ok(Outcome::Sent(answered.body.request_id.unwrap_or(becomes))),
        // The engine has it and says when it is done: the confirmation tells how it stands.
        Err(problem) if problem.is_undecided() => Ok(Outcome::Sent(becomes)),
        Err(problem) => Ok(Outcome::Refused(problem)),
    }
}

/// The field of the form a place in the command belongs to.
pub(super) fn field_of(pointer: &str) -> &'static str {
    let first = pointer
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    match first {
        "reason" => "motivo",
        "practice" => "numero_pratica",
        "topic" => "argomento",
        "notes" => "note",
        "attachments" => "allegato",
        "sede" | "region" => "sede",
        _ => "testo",
    }
}

/// A refusal as errors of the form.
pub(super) fn errors_of(refusal: &Refusal) -> FormErrors {
    let pointer = refusal.fields.first().map_or("", |field| field.pointer.as_str());
    FormErrors::one(field_of(pointer), refusal.message.clone())
}

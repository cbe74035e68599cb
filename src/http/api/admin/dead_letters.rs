//! `/dead-letters`: what could not be understood or trusted. Bodies are shown masked: they may hold personal data.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::Named;
use super::{conflict, invalid, says, unknown};
use crate::admin::dead_letters::{DeadLetterSheet, Fate, Replayed, waiting};
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::person::Person;
use crate::engine::HandleError;
use crate::http::api::Shared;
use crate::http::api::caller::Manager;
use crate::http::api::listed::{Listed, one_more};
use crate::http::api::query::ApiQuery;
use crate::http::body::JsonBody;
use crate::http::problem::Problem;
use crate::store::{DeadLetterFilter, DeadLetterId, DeadLetterSummary};
use axum::http::StatusCode;

pub(super) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/dead-letters",
            get_with(list, says("listDeadLetters", "Dead letters, the newest first")),
        )
        .api_route(
            "/dead-letters/{id}",
            get_with(show, says("showDeadLetter", "One dead letter, its body masked")),
        )
        .api_route(
            "/dead-letters/{id}/replay",
            post_with(
                replay,
                says("replayDeadLetter", "Works one again; tells what became of it"),
            ),
        )
        .api_route(
            "/dead-letters/replay",
            post_with(
                replay_all,
                says(
                    "replayDeadLetters",
                    "Works all again that wait, or all of a reason",
                ),
            ),
        )
        .api_route(
            "/dead-letters/{id}/discard",
            post_with(
                discard,
                says("discardDeadLetter", "Closes one without working it"),
            ),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    reason: Option<DeadLetterReason>,
    /// Also those already replayed or discarded.
    #[serde(default)]
    all: bool,
    /// The `next` of the page before.
    cursor: Option<DeadLetterId>,
    limit: Option<u16>,
}

async fn list(
    State(api): State<Shared>,
    Manager(_): Manager,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Json<Listed<DeadLetterSummary>>, Problem> {
    let filter = DeadLetterFilter {
        reason: wanted.reason,
        resolved: wanted.all,
        before: wanted.cursor,
        limit: one_more(wanted.limit),
    };
    let letters = api.store.list_dead_letters(&filter).await?;
    Ok(Json(Listed::of(letters, wanted.limit, |letter| {
        letter.id.to_string()
    })))
}

async fn show(
    State(api): State<Shared>,
    Manager(_): Manager,
    Named(id): Named<DeadLetterId>,
) -> Result<Json<DeadLetterSheet>, Problem> {
    let letter = api.store.dead_letters(&[id]).await?.pop();
    letter
        .map(|letter| Json(letter.into()))
        .ok_or_else(|| unknown("dead letter"))
}

async fn replay(
    State(api): State<Shared>,
    Manager(person): Manager,
    Named(id): Named<DeadLetterId>,
) -> Result<Json<Replayed>, Problem> {
    match work(&api, &person, vec![id]).await?.pop() {
        None => Err(unknown("dead letter")),
        Some(Replayed {
            fate: Fate::NotOpen { resolved },
            ..
        }) => Err(conflict(
            "not_open",
            format!("it was {} by {}", resolved.resolution, resolved.by),
        )),
        Some(replayed) => Ok(Json(replayed)),
    }
}

/// Which of those that wait.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// `null`: whatever they are dead for.
    reason: Option<DeadLetterReason>,
}

/// What became of several.
#[derive(Debug, Serialize, JsonSchema)]
struct ReplayedAll {
    /// How many the engine took: they are dead letters no more.
    worked: usize,
    /// How many stay as they are.
    left: usize,
    items: Vec<Replayed>,
}

async fn replay_all(
    State(api): State<Shared>,
    Manager(person): Manager,
    JsonBody(which): JsonBody<Which>,
) -> Result<Json<ReplayedAll>, Problem> {
    let ids = waiting(&api.store, which.reason).await?;
    let items = work(&api, &person, ids).await?;
    let worked = items.iter().filter(|one| one.fate.is_taken()).count();
    Ok(Json(ReplayedAll {
        worked,
        left: items.len() - worked,
        items,
    }))
}

async fn work(api: &Shared, person: &Person, ids: Vec<DeadLetterId>) -> Result<Vec<Replayed>, Problem> {
    let (replay, by) = (api.replay.clone(), person.id.to_string());
    // Spawned: a client that hangs up must not cut a transaction short.
    let worked = tokio::spawn(async move { replay.work(&ids, None, &by, |_| {}).await }).await;
    match worked {
        Ok(Ok(replayed)) => Ok(replayed),
        Ok(Err(HandleError::Store(error))) => Err(error.into()),
        Ok(Err(HandleError::Fault(_))) | Err(_) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR)),
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Why {
    /// Kept with the dead letter.
    reason: String,
}

async fn discard(
    State(api): State<Shared>,
    Manager(person): Manager,
    Named(id): Named<DeadLetterId>,
    JsonBody(why): JsonBody<Why>,
) -> Result<Json<DeadLetterSheet>, Problem> {
    let reason = why.reason.trim();
    if reason.is_empty() {
        return Err(invalid("/reason", "say why: it is kept with the dead letter"));
    }
    let done = api
        .store
        .discard_dead_letters(&[id], person.id.as_str(), reason)
        .await?;
    let letter = api.store.dead_letters(&[id]).await?.pop();
    let letter = letter.ok_or_else(|| unknown("dead letter"))?;
    if done.is_empty() {
        return Err(conflict("not_open", "somebody decided about it before"));
    }
    Ok(Json(letter.into()))
}

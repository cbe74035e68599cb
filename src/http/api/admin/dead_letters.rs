//! `/dead-letters`: what could not be understood or trusted. Bodies are shown masked: they may hold personal data.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use futures::stream;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

use super::named::Named;
use super::{conflict, invalid, says};
use crate::admin::dead_letters::{DeadLetterSheet, Fate, Rehearsed, Replayed, exported, waiting};
use crate::domain::calendar::rome_date;
use crate::domain::command::CommandKind;
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::ids::Source;
use crate::domain::person::Person;
use crate::engine::HandleError;
use crate::http::api::Shared;
use crate::http::api::caller::Manager;
use crate::http::api::listed::{Listed, one_more};
use crate::http::api::paper::{JsonLines, Paper};
use crate::http::api::query::ApiQuery;
use crate::http::body::JsonBody;
use crate::http::problem::Problem;
use crate::store::{DeadLetterFilter, DeadLetterId, DeadLetterMatch, DeadLetterSummary, Resolution};

pub(super) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/dead-letters",
            get_with(list, says("listDeadLetters", "Dead letters, the newest first")),
        )
        .api_route(
            "/dead-letters/export",
            get_with(
                export,
                says(
                    "exportDeadLetters",
                    "All that wait and match, whole: a JSON object a line, the body in base64",
                ),
            ),
        )
        .api_route(
            "/dead-letters/{id}",
            get_with(show, says("showDeadLetter", "One dead letter, its body masked")),
        )
        .api_route(
            "/dead-letters/{id}/replay",
            post_with(
                replay,
                says(
                    "replayDeadLetter",
                    "Works one again, as it came or edited; tells what became of it",
                ),
            ),
        )
        .api_route(
            "/dead-letters/replay",
            post_with(
                replay_all,
                says(
                    "replayDeadLetters",
                    "Works all again that wait and match; with `dry_run` only reads them",
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
        .api_route(
            "/dead-letters/discard",
            post_with(
                discard_all,
                says(
                    "discardDeadLetters",
                    "Closes all that wait and match, without working them",
                ),
            ),
        )
}

/// A question whose fields say which dead letters, besides its own. serde flattens no struct that denies unknown fields.
macro_rules! which_dead_letters {
    ($(#[$meta:meta])* struct $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct $name {
            /// What they are dead for; `null`, as everywhere here: whatever it is.
            reason: Option<DeadLetterReason>,
            /// Their publisher: `portal.inca`, `sede.230001`.
            #[serde(default, deserialize_with = "source")]
            #[schemars(with = "Option<String>")]
            source: Option<Source>,
            /// What they ask for, by their routing key.
            command: Option<CommandKind>,
            /// Received then or later.
            since: Option<DateTime<Utc>>,
            /// Received before.
            until: Option<DateTime<Utc>>,
            $($own)*
        }

        impl $name {
            fn matching(&self) -> DeadLetterMatch {
                DeadLetterMatch {
                    reason: self.reason,
                    source: self.source.clone(),
                    command: self.command,
                    since: self.since,
                    until: self.until,
                }
            }
        }
    };
}

which_dead_letters! {
    struct Wanted {
        /// Also those already replayed or discarded.
        #[serde(default)]
        all: bool,
        /// The `next` of the page before.
        cursor: Option<DeadLetterId>,
        limit: Option<u16>,
    }
}

/// Reads a source as it is written in a routing key.
fn source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Source>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(D::Error::custom))
        .transpose()
}

async fn list(
    State(api): State<Shared>,
    Manager(_): Manager,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Json<Listed<DeadLetterSummary>>, Problem> {
    let filter = DeadLetterFilter {
        matching: wanted.matching(),
        resolved: wanted.all,
        before: wanted.cursor,
        limit: one_more(wanted.limit),
    };
    let letters = api.store.list_dead_letters(&filter).await?;
    Ok(Json(Listed::of(letters, wanted.limit, |letter| {
        letter.id.to_string()
    })))
}

which_dead_letters! {
    /// Which of those that wait.
    struct Exporting {}
}

/// Bodies hold personal data: that they were asked for stands in the audit.
async fn export(
    State(api): State<Shared>,
    Manager(_): Manager,
    ApiQuery(which): ApiQuery<Exporting>,
) -> Result<Paper<JsonLines>, Problem> {
    let ids = waiting(&api.store, &which.matching()).await?;
    let (sender, lines) = mpsc::channel(1);
    let store = api.store.clone();
    // Spawned: a question is asked to its end even if the client hangs up.
    tokio::spawn(async move {
        for id in ids {
            if sender.send(exported(&store, id).await).await.is_err() {
                break;
            }
        }
    });
    let lines = stream::unfold(lines, |mut lines| async {
        lines.recv().await.map(|line| (line, lines))
    });
    let name = format!("messaggi-scartati-{}.jsonl", rome_date(api.clock.now()));
    Ok(Paper::new(name, Body::from_stream(lines)))
}

async fn show(
    State(api): State<Shared>,
    Manager(_): Manager,
    Named(id): Named<DeadLetterId>,
) -> Result<Json<DeadLetterSheet>, Problem> {
    let letter = api.store.dead_letters(&[id]).await?.pop();
    letter.map(|letter| Json(letter.into())).ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND)
        .code("unknown")
        .detail("Il messaggio scartato non esiste.")
}

/// How to work one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Edited {
    /// An edited copy, worked in place of the body that came; the original stays as it is.
    body: Option<Value>,
}

async fn replay(
    State(api): State<Shared>,
    Manager(person): Manager,
    Named(id): Named<DeadLetterId>,
    JsonBody(edited): JsonBody<Edited>,
) -> Result<Json<Replayed>, Problem> {
    let body = edited.body.map(|body| body.to_string().into_bytes());
    match work(&api, &person, vec![id], body).await?.pop() {
        None => Err(unknown()),
        Some(Replayed {
            fate: Fate::NotOpen { resolved },
            ..
        }) => Err(conflict(
            "not_open",
            match resolved.resolution {
                Resolution::Replayed => format!("È già stato rilavorato da {}.", resolved.by),
                Resolution::Discarded => format!("È già stato archiviato da {}.", resolved.by),
            },
        )),
        Some(replayed) => Ok(Json(replayed)),
    }
}

which_dead_letters! {
    /// Which of those that wait.
    struct Which {
        /// Only reads them: answers which could be worked.
        #[serde(default)]
        dry_run: bool,
    }
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

/// What would become of several.
#[derive(Debug, Serialize, JsonSchema)]
struct RehearsedAll {
    /// How many can be read today.
    readable: usize,
    items: Vec<Rehearsed>,
}

/// What became of them, or what would.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Outcome {
    Replayed(ReplayedAll),
    Rehearsed(RehearsedAll),
}

async fn replay_all(
    State(api): State<Shared>,
    Manager(person): Manager,
    JsonBody(which): JsonBody<Which>,
) -> Result<Json<Outcome>, Problem> {
    let ids = waiting(&api.store, &which.matching()).await?;
    if which.dry_run {
        let items = api.replay.rehearse(&ids, None).await?;
        let readable = items.iter().filter(|one| one.readable).count();
        return Ok(Json(Outcome::Rehearsed(RehearsedAll { readable, items })));
    }
    let items = work(&api, &person, ids, None).await?;
    let worked = items.iter().filter(|one| one.fate.is_taken()).count();
    Ok(Json(Outcome::Replayed(ReplayedAll {
        worked,
        left: items.len() - worked,
        items,
    })))
}

async fn work(
    api: &Shared,
    person: &Person,
    ids: Vec<DeadLetterId>,
    body: Option<Vec<u8>>,
) -> Result<Vec<Replayed>, Problem> {
    let (replay, by) = (api.replay.clone(), person.id.to_string());
    // Spawned: a client that hangs up must not cut a transaction short.
    let worked = tokio::spawn(async move { replay.work(&ids, body.as_deref(), &by, |_| {}).await }).await;
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
    let reason = written(&why.reason, "/reason")?;
    let done = api
        .store
        .discard_dead_letters(&[id], person.id.as_str(), reason)
        .await?;
    let letter = api.store.dead_letters(&[id]).await?.pop();
    let letter = letter.ok_or_else(unknown)?;
    if done.is_empty() {
        return Err(conflict("not_open", "Qualcuno ha già deciso."));
    }
    Ok(Json(letter.into()))
}

/// Why they are closed.
fn written<'text>(why: &'text str, pointer: &'static str) -> Result<&'text str, Problem> {
    match why.trim() {
        "" => Err(invalid(pointer, "Scrivi perché: resta insieme al messaggio.")),
        why => Ok(why),
    }
}

which_dead_letters! {
    /// Which of those that wait, and why.
    struct Discarding {
        /// Kept with each of them.
        why: String,
    }
}

/// Those that were closed.
#[derive(Debug, Serialize, JsonSchema)]
struct DiscardedAll {
    ids: Vec<DeadLetterId>,
}

async fn discard_all(
    State(api): State<Shared>,
    Manager(person): Manager,
    JsonBody(which): JsonBody<Discarding>,
) -> Result<Json<DiscardedAll>, Problem> {
    let why = written(&which.why, "/why")?;
    let matching = waiting(&api.store, &which.matching()).await?;
    let mut ids = api
        .store
        .discard_dead_letters(&matching, person.id.as_str(), why)
        .await?;
    ids.sort_unstable();
    Ok(Json(DiscardedAll { ids }))
}

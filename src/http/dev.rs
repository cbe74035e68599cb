//! A development system's conveniences: the clock that can be moved and the mails that were caught.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, put};
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::body::JsonBody;
use super::problem::Problem;
use crate::clock::Clock;
use crate::config::iso_duration::IsoDuration;
use crate::mail::{CaughtMail, caught};

/// Keeps an offset where every node finds it. It is run to its end even if the client hangs up.
pub type KeepOffset = Arc<dyn Fn(TimeDelta) -> BoxFuture<'static, Result<(), OffsetNotKept>> + Send + Sync>;

/// The offset could not be stored: the clock stays where it is.
#[derive(Debug, thiserror::Error)]
#[error("the offset of the clock could not be stored")]
pub struct OffsetNotKept;

/// What the development endpoints reach into.
#[derive(Clone)]
pub struct DevHooks {
    pub clock: Clock,
    pub keep_offset: KeepOffset,
    /// Where mails are caught; none where they leave by SMTP.
    pub mail_dir: Option<PathBuf>,
}

impl std::fmt::Debug for DevHooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevHooks")
            .field("mail_dir", &self.mail_dir)
            .finish_non_exhaustive()
    }
}

pub(super) fn router(hooks: DevHooks) -> Router {
    Router::new()
        .route("/dev/clock", put(move_clock).get(show_clock))
        .route("/dev/mails", get(mails))
        .with_state(hooks)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveClock {
    offset: IsoDuration,
}

/// How far the engine's now is moved, and what it is.
#[derive(Debug, Serialize)]
struct ClockReading {
    offset: IsoDuration,
    now: DateTime<Utc>,
}

/// `PUT /dev/clock` `{"offset": "P16D"}`: from the machine's time, not from where the clock stands.
async fn move_clock(
    State(hooks): State<DevHooks>,
    JsonBody(wish): JsonBody<MoveClock>,
) -> Result<Json<ClockReading>, Problem> {
    let offset = wish.offset.get();
    // Spawned: a client that hangs up must not cut a database write short.
    let kept = tokio::spawn((hooks.keep_offset)(offset)).await;
    match kept {
        Ok(Ok(())) => {
            hooks.clock.set_offset(offset);
            Ok(read_clock(&hooks.clock))
        }
        Ok(Err(_)) | Err(_) => {
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE).detail("the offset could not be stored"))
        }
    }
}

/// `GET /dev/clock`
async fn show_clock(State(hooks): State<DevHooks>) -> Json<ClockReading> {
    read_clock(&hooks.clock)
}

fn read_clock(clock: &Clock) -> Json<ClockReading> {
    Json(ClockReading {
        offset: clock.offset().into(),
        now: clock.now(),
    })
}

/// `GET /dev/mails`: every caught mail, the oldest first.
async fn mails(State(hooks): State<DevHooks>) -> Result<Json<Vec<CaughtMail>>, Problem> {
    let Some(folder) = hooks.mail_dir else {
        return Ok(Json(Vec::new()));
    };
    let read = tokio::task::spawn_blocking(move || caught(&folder)).await;
    match read {
        Ok(Ok(mails)) => Ok(Json(mails)),
        Ok(Err(_)) | Err(_) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR)
            .detail("the folder of caught mails cannot be read")),
    }
}

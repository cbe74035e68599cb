//! `/queues`: how full they are, what waits for them on our side, and holding them back.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::Named;
use super::{conflict, invalid, says, unknown};
use crate::admin::queues::{self, Held, QueueLine, QueuesError};
use crate::amqp::Topology;
use crate::clock::Clock;
use crate::domain::pause::{Pause, QueueName};
use crate::http::api::Shared;
use crate::http::api::caller::Manager;
use crate::http::body::JsonBody;
use crate::http::problem::Problem;

pub(super) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/queues",
            get_with(list, says("listQueues", "The queues, and what waits for them")),
        )
        .api_route(
            "/queues/{id}/pause",
            post_with(
                pause,
                says("pauseQueue", "Holds a queue on every node; nothing is lost"),
            ),
        )
        .api_route(
            "/queues/{id}/resume",
            post_with(resume, |operation| {
                says(
                    "resumeQueue",
                    "Lets a queue go on; what waited leaves in its order",
                )(operation)
                .response::<204, ()>()
            }),
        )
}

/// Every queue.
#[derive(Debug, Serialize, JsonSchema)]
struct Queues {
    items: Vec<QueueLine>,
}

async fn list(State(api): State<Shared>, Manager(_): Manager) -> Result<Json<Queues>, Problem> {
    let topology = topology(&api);
    match queues::list(&api.broker, &api.store, &topology).await {
        Ok(items) => Ok(Json(Queues { items })),
        Err(QueuesError::Store(error)) => Err(error.into()),
        Err(QueuesError::Broker(error)) => {
            tracing::warn!(error = %error, "the queues cannot be told");
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE).detail("the broker cannot be asked"))
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// Lets go by itself then; `null`: when somebody resumes it.
    until: Option<DateTime<Utc>>,
    /// Why; shown with the queue.
    note: Option<String>,
}

async fn pause(
    State(api): State<Shared>,
    Manager(person): Manager,
    Named(queue): Named<QueueName>,
    JsonBody(wish): JsonBody<Wish>,
) -> Result<Json<Pause>, Problem> {
    let pause = Pause {
        by: person.id.to_string(),
        // Machine time, never a clock that development moved.
        since: Clock::system().now(),
        until: wish.until,
        note: wish.note.map(|note| note.trim().to_owned()),
    };
    match queues::pause(&api.store, &topology(&api), &queue, pause.clone()).await? {
        Held::Held => Ok(Json(pause)),
        Held::Unknown => Err(unknown("queue to pause")),
        Held::AlreadyOver => Err(invalid("/until", "lies in the past")),
    }
}

async fn resume(
    State(api): State<Shared>,
    Manager(_): Manager,
    Named(queue): Named<QueueName>,
) -> Result<StatusCode, Problem> {
    if api.store.resume_queue(&queue).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(if queues::can_be_held(&topology(&api), &queue) {
        conflict("not_paused", "nobody holds this queue")
    } else {
        unknown("queue to resume")
    })
}

fn topology(api: &Shared) -> Topology {
    Topology::wanted(&api.amqp, &api.registers.borrow())
}

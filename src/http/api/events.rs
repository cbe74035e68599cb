//! `/events`: tells those who watch that something happened to a request of theirs, so that nobody has to poll.
//!
//! Ids only: what happened is asked for with the id, under the asker's own scope.

mod follower;

use std::convert::Infallible;
use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as DocumentedResponse};
use aide::operation::{ParamLocation, add_parameters, parameters_from_schema};
use aide::{OperationInput, OperationOutput};
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;

use super::caller::Caller;
use super::query::invalid;
use super::requests::side;
use super::{Api, Shared};
use crate::domain::event::EventKind;
use crate::domain::ids::RequestId;
use crate::domain::person::Person;
use crate::http::problem::Problem;
use crate::store::{Feed, FeedItem, FeedPosition, Store, StoreError, Viewer};

pub use follower::Watch;

/// A sign of life while nothing happens, so that proxies keep the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A stream ends now and then; who comes back proves again who he or she is.
const LONGEST: Duration = Duration::from_mins(15);
/// Who missed more than this is told to look at everything.
const MOST_MISSED: u32 = 500;

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new().api_route(
        "/events",
        get_with(events, |op| {
            op.id("watch")
                .tag("questions")
                .summary("What happens to your requests, as it happens (server-sent events)")
                .description(
                    "`reply`: the sede answered or closed; `change`: anything else; `reset`: look at everything \
                     again, more happened than is told; `ready`: from here on. The stream ends every quarter of an \
                     hour and when the node stops: connect again with `Last-Event-ID`, and nothing is missed.",
                )
        }),
    )
}

/// What happened, to which request.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Told {
    request_id: RequestId,
    event: EventKind,
    seq: u32,
    /// It is something for you to read.
    news: bool,
}

/// Where a watcher was cut off.
#[derive(Clone, Copy)]
pub(in crate::http) struct Since(Option<FeedPosition>);

impl<S: Send + Sync> FromRequestParts<S> for Since {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("last-event-id") else {
            return Ok(Self(None));
        };
        let position = value.to_str().ok().and_then(|text| text.parse().ok());
        position
            .map(|position| Self(Some(position)))
            .ok_or_else(|| invalid("Last-Event-ID", "not the id of an event of this stream"))
    }
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only described")]
struct SinceHeader {
    /// The id of the last event that arrived: what happened since then comes first.
    #[schemars(rename = "Last-Event-ID")]
    last_event_id: Option<String>,
}

impl OperationInput for Since {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let schema = context.schema.subschema_for::<SinceHeader>();
        let parameters = parameters_from_schema(context, schema, ParamLocation::Header);
        add_parameters(context, operation, parameters);
    }
}

async fn events(State(api): State<Shared>, Caller(person): Caller, since: Since) -> EventStream {
    follow(&api, person, since)
}

/// What happens to a person's requests, from where he or she was cut off.
pub(in crate::http) fn follow(api: &Api, person: Person, since: Since) -> EventStream {
    let stream = stream(api.watch.clone(), api.store.clone(), person, since.0);
    let mut response = Sse::new(stream)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response();
    // A proxy that gathers answers would keep them until they are whole.
    let headers = response.headers_mut();
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    EventStream(response)
}

fn stream(
    watch: Watch,
    store: Store,
    person: Person,
    since: Option<FeedPosition>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let scope = person.scope();
    async_stream::stream! {
        // Subscribed first: what happens while the past is read is not lost.
        let mut happening = watch.subscribe();
        let Some(start) = watch.running().await else { return };
        let mut last = since.unwrap_or(start);
        if let Some(since) = since {
            match missed(&store, &person, since).await {
                Ok(missed) if !missed.cut => {
                    for item in missed.items.iter().filter(|item| item.is_seen_by(&scope)) {
                        yield Ok(told(item, &person));
                    }
                    last = missed.next;
                }
                Ok(_) => {
                    last = start.max(since);
                    yield Ok(Event::default().event("reset").id(last.to_string()).data("{}"));
                }
                // It comes back with the same id, and finds the database perhaps.
                Err(_) => return,
            }
        }
        yield Ok(Event::default().event("ready").id(last.to_string()).data("{}"));
        let end = tokio::time::sleep(LONGEST);
        tokio::pin!(end);
        loop {
            let received = tokio::select! {
                () = watch.stopped() => return,
                () = &mut end => return,
                received = happening.recv() => received,
            };
            match received {
                Ok(item) if item.position > last => {
                    last = item.position;
                    if item.is_seen_by(&scope) {
                        yield Ok(told(&item, &person));
                    }
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    yield Ok(Event::default().event("reset").id(last.to_string()).data("{}"));
                }
                Err(RecvError::Closed) => return,
            }
        }
    }
}

/// Spawned: a question is asked to its end even if the watcher hangs up.
async fn missed(store: &Store, person: &Person, since: FeedPosition) -> Result<Feed, StoreError> {
    let (store, viewer) = (store.clone(), Viewer::person(person));
    let asked = tokio::spawn(async move {
        let mut question = store.ask(&viewer).await?;
        question.feed(since, MOST_MISSED).await
    });
    asked
        .await
        .unwrap_or_else(|_| Err(StoreError::corrupt("case_event", "position", "unreadable")))
}

fn told(item: &FeedItem, person: &Person) -> Event {
    let name = match item.kind {
        EventKind::Replied | EventKind::Closed => "reply",
        EventKind::Submitted
        | EventKind::Assigned
        | EventKind::Transferred
        | EventKind::Taken
        | EventKind::Released
        | EventKind::Noted
        | EventKind::Messaged
        | EventKind::Attached
        | EventKind::Solicited
        | EventKind::Booked
        | EventKind::AppointmentEnabled
        | EventKind::AppointmentConfirmed
        | EventKind::AppointmentCancelled
        | EventKind::Elapsed => "change",
    };
    let told = Told {
        request_id: item.request,
        event: item.kind,
        seq: item.seq,
        news: item.is_news_to(side(person)),
    };
    let data = serde_json::to_string(&told).unwrap_or_default();
    Event::default()
        .event(name)
        .id(item.position.to_string())
        .data(data)
}

/// The answer of a watch.
pub(in crate::http) struct EventStream(Response);

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        self.0
    }
}

impl OperationOutput for EventStream {
    type Inner = Told;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<DocumentedResponse> {
        let mut response = DocumentedResponse {
            description: "A stream of events, each with ids only.".to_owned(),
            ..DocumentedResponse::default()
        };
        response
            .content
            .insert("text/event-stream".to_owned(), MediaType::default());
        Some(response)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<aide::openapi::StatusCode>, DocumentedResponse)> {
        let response = Self::operation_response(ctx, operation);
        response
            .map(|response| (Some(aide::openapi::StatusCode::Code(200)), response))
            .into_iter()
            .collect()
    }
}

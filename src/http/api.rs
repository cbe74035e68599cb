//! `/api/v1`: commands, questions and administration for programs (CONTRACT.md 2), and the OpenAPI document of it.
//!
//! Commands enter the engine's door like any message; questions are asked of the store under the caller's scope.
//! Every route is declared once, with its documentation beside its handler.

mod admin;
pub(super) mod agenda;
pub(super) mod attachments;
pub(super) mod caller;
pub(super) mod catalogue;
pub(super) mod commands;
mod document;
pub(super) mod events;
pub(super) mod exports;
pub(super) mod listed;
pub(super) mod me;
pub(super) mod paper;
pub(super) mod path;
pub(super) mod people;
pub(super) mod preferences;
pub(super) mod query;
pub(super) mod replies;
pub(super) mod requests;
pub(super) mod routing;
pub(super) mod statistics;
pub(super) mod summary;
mod trail;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aide::axum::ApiRouter;
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::sync::watch;
use tower_http::limit::RequestBodyLimitLayer;

use super::problem::Problem;
use super::rate_limit::RateLimits;
use crate::admin::dead_letters::Replay;
use crate::amqp::Broker;
use crate::attachments::AttachmentStore;
use crate::clock::Clock;
use crate::config::amqp::AmqpSettings;
use crate::domain::registers::Registers;
use crate::engine::{Door, Limits};
use crate::identity::Authenticate;
use crate::registry::PeopleRegisters;
use crate::store::Store;
use crate::workflow::Registry;

pub use document::openapi;
pub use events::Watch;
pub(super) use trail::{Trail, record};

/// What the API answers from. One per node.
pub struct Api {
    pub store: Store,
    pub door: Door,
    pub clock: Clock,
    pub workflows: watch::Receiver<Arc<Registry>>,
    pub registers: watch::Receiver<Arc<Registers>>,
    pub people: PeopleRegisters,
    pub attachments: AttachmentStore,
    /// What texts and files may be.
    pub limits: Limits,
    pub authority: Arc<dyn Authenticate>,
    /// For those who run usciere.
    pub broker: Broker,
    pub amqp: AmqpSettings,
    pub replay: Replay,
    pub workflows_folder: PathBuf,
    /// What the service calls itself.
    pub brand: String,
    /// What happens, for those who watch.
    pub watch: Watch,
    pub rate_limits: RateLimits,
    /// Longest a command is waited for.
    pub patience: Duration,
    /// Largest body, in bytes.
    pub largest_body: usize,
}

/// The API as its handlers see it.
pub(super) type Shared = Arc<Api>;

/// Where the API is mounted.
pub const ROOT: &str = "/api/v1";

/// Every route, below [`ROOT`].
fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .merge(commands::routes())
        .merge(catalogue::routes())
        .merge(attachments::routes())
        .merge(agenda::routes())
        .merge(people::routes())
        .merge(routing::routes())
        .merge(admin::routes())
        .merge(requests::routes())
        .merge(summary::routes())
        .merge(exports::routes())
        .merge(replies::routes())
        .merge(statistics::routes())
        .merge(events::routes())
        .merge(me::routes())
        .merge(preferences::routes())
}

/// The API, ready to answer.
pub fn router(api: Shared) -> Router {
    let largest_body = api.largest_body;
    let mut unused = aide::openapi::OpenApi::default();
    let router: Router<Shared> = ApiRouter::new().nest(ROOT, routes()).finish_api(&mut unused);
    router
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Problem::new(StatusCode::METHOD_NOT_ALLOWED) })
        .route_layer(middleware::from_fn_with_state(Arc::clone(&api), record))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(largest_body))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), count_address))
        .with_state(api)
}

/// Before anything is asked of a call: whether its address has called too often.
pub(super) async fn count_address(
    State(api): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        api.rate_limits.of_address(peer.ip(), request.headers())?;
    }
    Ok(next.run(request).await)
}

//! The HTTP face of a node: health and metrics on every node, the API where it is a web node, the movable clock and
//! the caught mails in development.
//!
//! No timeout drops a handler: a dropped database future leaves its connection in a transaction. What must not be cut
//! short when a client hangs up is spawned.

pub mod api;
pub mod body;
pub mod dev;
pub mod docs;
pub mod health;
pub mod late;
pub mod pages;
pub mod problem;
pub mod rate_limit;
mod serve;

use std::any::Any;
use std::net::SocketAddr;

pub use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_service::Service as _;

use crate::config::Profile;
use crate::lifecycle::readiness::Readiness;
use crate::telemetry::metrics::Exporter;
use dev::DevHooks;
use late::Late;
use problem::Problem;
pub use serve::serve;

/// What the handlers answer from.
#[derive(Debug, Clone)]
pub struct HttpState {
    pub readiness: Readiness,
    pub exporter: Exporter,
    /// Cancelled once the node was asked to stop; it goes on answering until its work is done.
    pub stop: CancellationToken,
}

/// Bodies of these endpoints are small; the API has limits of its own.
const LARGEST_BODY: usize = 64 * 1024;

/// Everything this node answers at `address`. The hooks are mounted in development only, and only on loopback.
///
/// `late` answers everything else once it is opened.
pub fn router(
    state: HttpState,
    profile: Profile,
    address: SocketAddr,
    hooks: Option<DevHooks>,
    late: Late,
) -> Router {
    let mut unused = aide::openapi::OpenApi::default();
    let mut router: Router = health::routes().finish_api(&mut unused).with_state(state);
    match hooks {
        Some(hooks) if !profile.is_production() && address.ip().is_loopback() => {
            router = router.merge(dev::router(hooks));
        }
        Some(_) | None => {}
    }
    let router = router
        .method_not_allowed_fallback(|| async { Problem::new(StatusCode::METHOD_NOT_ALLOWED) })
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .fallback_service(late)
        .layer(CatchPanicLayer::custom(after_panic));
    secured(router)
}

/// With every error as problem details, and with the headers that keep browsers from doing more with an answer than it
/// asks for.
pub fn secured(router: Router) -> Router {
    let router = router.layer(axum::middleware::map_response(problem::for_every_error));
    SECURITY_HEADERS
        .into_iter()
        .fold(router, |router, (name, value)| {
            router.layer(SetResponseHeaderLayer::if_not_present(
                name,
                HeaderValue::from_static(value),
            ))
        })
}

/// What a web node answers: the API below its root, the pages everywhere else.
pub fn web(api: Router, pages: Router) -> Router {
    Router::new().fallback(move |request: Request| {
        let below = request.uri().path().strip_prefix(api::ROOT);
        let is_api = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let mut router = if is_api { api.clone() } else { pages.clone() };
        async move { router.call(request).await }
    })
}

/// What a node answers that is no web node: nothing beside its health.
pub fn nothing() -> Router {
    Router::new().fallback(|| async { Problem::new(StatusCode::NOT_FOUND) })
}

/// These pages are data for machines: nothing in them is to be run, framed, guessed at or kept.
const SECURITY_HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
];

fn after_panic(_panic: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

#[cfg(test)]
mod tests;

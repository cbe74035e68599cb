//! Routes that answer only once the node has what they need: until then 503, with the time to ask again.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use tower_service::Service;

use super::problem::Problem;

/// A router to be filled in once. Cloned freely; all clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Late(Arc<OnceLock<Router>>);

impl Late {
    /// Opens the routes. Only the first call counts.
    pub fn open(&self, router: Router) {
        let _ = self.0.set(router);
    }
}

impl Service<Request> for Late {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.0.get() {
            Some(router) => Box::pin(router.clone().call(request)),
            None => Box::pin(async { Ok(not_yet()) }),
        }
    }
}

fn not_yet() -> Response {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE)
        .detail("the node is starting")
        .retry_after(Duration::from_secs(2))
        .into_response()
}

//! Routes that answer for as long as the node has what they need: before and after that 503, with the time to ask
//! again.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::problem::Problem;

/// A router to be filled in once. Cloned freely; all clones are the same.
#[derive(Debug, Clone)]
pub struct Late {
    router: Arc<OnceLock<Router>>,
    stop: CancellationToken,
}

impl Late {
    /// Once `stop` is cancelled nothing new is begun.
    pub fn until(stop: CancellationToken) -> Self {
        Self {
            router: Arc::default(),
            stop,
        }
    }

    /// Opens the routes. Only the first call counts.
    pub fn open(&self, router: Router) {
        let _ = self.router.set(router);
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
        match self.router.get() {
            _ if self.stop.is_cancelled() => Box::pin(async { Ok(unavailable("the node is stopping")) }),
            Some(router) => Box::pin(router.clone().call(request)),
            None => Box::pin(async { Ok(unavailable("the node is starting")) }),
        }
    }
}

fn unavailable(why: &str) -> Response {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE)
        .detail(why)
        .retry_after(Duration::from_secs(2))
        .into_response()
}

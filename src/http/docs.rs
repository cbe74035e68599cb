//! The description of the API for programs (`/openapi.json`) and, drawn from it, for people (`/docs`): all from this
//! binary, nothing from elsewhere.

use std::sync::LazyLock;

use aide::scalar::Scalar;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tower_http::set_header::SetResponseHeaderLayer;

use super::api::openapi;

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi().to_string().into());

const PAGE: &str = include_str!("docs/page.html");
const START: &str = include_str!("docs/start.js");

/// The viewer's own script: aide carries it inside a page, and inside a page a strict policy would not run it.
static VIEWER: LazyLock<Bytes> = LazyLock::new(|| {
    let page = Scalar::new("").html();
    let script = page.rsplit_once("<script>").map_or("", |(_, script)| script);
    let script = script.rsplit_once("</script>").map_or("", |(script, _)| script);
    Bytes::copy_from_slice(script.as_bytes())
});

/// Scripts and everything else come from here alone. Styles cannot do without 'unsafe-inline': the viewer puts `<style>`
/// elements of its own into the page, takes no nonce for them, and writes some of their text (themes, sizes) and many
/// `style` attributes as it draws, so that no hash can be given beforehand. A style can run nothing, and with this
/// policy load nothing from elsewhere either.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; \
                      img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Answers from the first moment: what the API is does not depend on what the node has reached.
pub fn router() -> Router {
    Router::new()
        .route(
            "/openapi.json",
            get(|| async { of("application/json", DOCUMENT.clone()) }),
        )
        .route(
            "/docs",
            get(|| async { of("text/html; charset=utf-8", Bytes::from_static(PAGE.as_bytes())) }),
        )
        .route(
            "/docs/start.js",
            get(|| async {
                of(
                    "text/javascript; charset=utf-8",
                    Bytes::from_static(START.as_bytes()),
                )
            }),
        )
        .route(
            "/docs/viewer.js",
            get(|| async { of("text/javascript; charset=utf-8", VIEWER.clone()) }),
        )
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ))
}

fn of(kind: &'static str, body: Bytes) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, kind)];
    (headers, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_runs_nothing_of_its_own_and_the_viewer_is_whole() {
        assert!(!PAGE.contains("<script>") && !PAGE.contains("http"));
        assert!(VIEWER.len() > 1_000_000 && !VIEWER.starts_with(b"<"));
    }
}

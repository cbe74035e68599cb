//! What every page is guarded by: headers that keep browsers from doing more than a page asks for, and forms that are
//! taken from our own pages only.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::{Origin, Url};

use super::Shared;
use super::fault::Fault;
use crate::http::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Scripts, styles, pictures and fonts come from here alone, and nothing in a page itself is run.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
                      base-uri 'none'";

const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    // A form's Origin would be "null" with no-referrer.
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Refuses what another site makes a browser send.
pub(super) async fn refuse_foreign(State(portal): State<Shared>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_ours(request.headers(), &portal.base_url) {
        return next.run(request).await;
    }
    let problem = Problem::new(StatusCode::FORBIDDEN).code("cross_site");
    let problem = problem.detail("La richiesta non viene da una pagina di questo servizio.");
    Fault::from(problem).into_response()
}

/// Puts on the headers of a page; an answer that has its own keeps it.
pub(super) async fn dress(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        let headers = response.headers_mut();
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Whether a form was sent by one of our pages. Browsers say where a form comes from, in one of two headers; who says
/// nothing is not a browser of a person who is signed in here.
fn is_ours(headers: &HeaderMap, base_url: &Url) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(SEC_FETCH_SITE) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN).and_then(|origin| Url::parse(origin).ok()) else {
        return false;
    };
    is_host(&origin, text(header::HOST)) || same(&origin.origin(), &base_url.origin())
}

fn is_host(origin: &Url, host: Option<&str>) -> bool {
    let here = host.and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok());
    here.is_some_and(|here| same(&origin.origin(), &here.origin()))
}

/// An opaque origin is nobody's.
fn same(one: &Origin, other: &Origin) -> bool {
    one.is_tuple() && one == other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(HeaderName, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(name, HeaderValue::from_static(value));
        }
        is_ours(&headers, &Url::parse("https://patronati.example/").unwrap())
    }

    #[test]
    fn only_our_own_pages_send_forms() {
        let (origin, host) = (header::ORIGIN, header::HOST);
        assert!(sent(&[(SEC_FETCH_SITE, "same-origin")]));
        assert!(sent(&[(origin.clone(), "https://patronati.example")]));
        assert!(sent(&[
            (origin.clone(), "http://127.0.0.1:8080"),
            (host.clone(), "127.0.0.1:8080")
        ]));
        assert!(!sent(&[]));
        assert!(!sent(&[(SEC_FETCH_SITE, "cross-site")]));
        assert!(!sent(&[
            (SEC_FETCH_SITE, "same-site"),
            (origin.clone(), "https://patronati.example")
        ]));
        assert!(!sent(&[(origin.clone(), "null"), (host, "null")]));
        assert!(!sent(&[(origin, "https://elsewhere.example")]));
    }
}

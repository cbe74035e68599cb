//! Styles, script, icons and fonts: built from `web/` by npm, checked in, and embedded here.
//!
//! Their names hold a hash of what is in them, so that browsers keep them for ever; each is there compressed as well.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use include_dir::{Dir, include_dir};
use serde::Deserialize;

use super::Shared;
use super::fault::Fault;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/web/dist");

/// The addresses of what every page needs.
#[derive(Debug, Deserialize)]
pub(super) struct Assets {
    pub(super) css: String,
    pub(super) js: String,
    pub(super) icons: String,
    pub(super) favicon: String,
}

pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let manifest = FILES.get_file("manifest.json").expect("web/dist was built");
    serde_json::from_slice(manifest.contents()).expect("web/build.mjs writes the manifest")
});

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/assets/{name}", get(asset))
}

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    let kind = kind(&name).ok_or(StatusCode::NOT_FOUND)?;
    let (encoding, file) = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(encoding, _)| accepts(&headers, encoding))
        .find_map(|(encoding, ending)| Some((Some(encoding), FILES.get_file(format!("{name}{ending}"))?)))
        .or_else(|| Some((None, FILES.get_file(&name)?)))
        .ok_or(StatusCode::NOT_FOUND)?;
    let mut response = file.contents().into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer.insert(header::CACHE_CONTROL, FOR_EVER);
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(response)
}

fn kind(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "woff2" => Some("font/woff2"),
        _ => None,
    }
}

/// Whether a browser takes this encoding; `q=0` says it does not.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let said = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut offers = said
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    offers.any(|offer| {
        let (name, quality) = offer.split_once(';').unwrap_or((offer, ""));
        let never = quality
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case(wanted) && !never
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pages_name_is_there_and_compressed() {
        for address in [&ASSETS.css, &ASSETS.js, &ASSETS.icons, &ASSETS.favicon] {
            let name = address.strip_prefix("/assets/").unwrap();
            assert!(kind(name).is_some(), "{name}");
            for ending in ["", ".br", ".gz"] {
                assert!(
                    FILES.get_file(format!("{name}{ending}")).is_some(),
                    "{name}{ending}"
                );
            }
        }
    }

    #[test]
    fn an_encoding_is_used_where_it_is_taken() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::ACCEPT_ENCODING,
            "gzip, br;q=0, zstd;q=0.5".parse().unwrap(),
        );
        assert!(accepts(&headers, "gzip"));
        assert!(!accepts(&headers, "br"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }
}

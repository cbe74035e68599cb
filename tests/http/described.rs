//! The description of the API, as the node itself serves it.

use reqwest::Method;
use usciere::http::api::openapi;

use crate::harness::{Site, answered};

/// Every route that answers once, by method; searches alone among those that take a body.
pub(crate) fn routes() -> Vec<(Method, String)> {
    let document = openapi();
    let paths = document["paths"].as_object().unwrap();
    let mut routes = Vec::new();
    for (path, item) in paths {
        // A stream does not end.
        if path.ends_with("/events") {
            continue;
        }
        if item.get("get").is_some() {
            routes.push((Method::GET, path.clone()));
        }
        if item.get("post").is_some() && (path.contains("/search") || path.contains("/requests/{id}/")) {
            routes.push((Method::POST, path.clone()));
        }
    }
    routes
}

#[tokio::test]
async fn the_node_describes_itself_to_programs_and_to_people() {
    let site = Site::start().await;
    let document = answered(site.raw(Method::GET, "/openapi.json")).await.done(200);
    assert_eq!(
        document["openapi"].as_str().map(|version| &version[..4]),
        Some("3.1.")
    );
    assert!(document["paths"]["/api/v1/requests/{id}/summary.pdf"]["get"].is_object());

    let page = answered(site.raw(Method::GET, "/docs")).await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self';") && !policy.contains("http"),
        "{policy}"
    );
    let html = String::from_utf8(page.bytes.clone()).unwrap();
    for script in html
        .split("src=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        let script = answered(site.raw(Method::GET, script)).await;
        assert_eq!(
            (script.status, script.header("content-type")),
            (200, "text/javascript; charset=utf-8")
        );
    }
    site.stop().await;
}

//! The OpenAPI 3.1 document, from the routes themselves.

mod problems;
mod samples;
mod schemas;
#[cfg(test)]
mod tests;

use aide::axum::ApiRouter;
use aide::generate::in_context;
use aide::openapi::{Info, License, OpenApi, SecurityScheme, Server, Tag};
use aide::transform::TransformOpenApi;
use schemars::generate::Contract;
use serde_json::{Value, json};

use crate::http::{HttpState, health};

const DESCRIPTION: &str = "\"Scrivi alla sede\": the same commands and rules as over AMQP, and the questions a portal \
    asks.\n\nErrors are problem details (RFC 9457); their `code` is the word programs rely on. A command is worked \
    once per `Idempotency-Key` (the message id of AMQP): sent again with the same key and body it gets the same \
    answer and changes nothing. Lists are paged by cursor. A person's data never stands in an address.";

const TAGS: [(&str, &str); 8] = [
    ("identity", "Who one is here."),
    ("catalogue", "What can be chosen from."),
    ("portal", "What people of a patronato do."),
    ("sede", "What people of a sede or desk do."),
    ("questions", "What is asked of requests, registers and files."),
    ("preferences", "What one wants to be told by mail."),
    ("administration", "What those who run the engine see and do."),
    ("health", "Whether a node can do its work, and how much it does."),
];

/// The document of everything below [`super::ROOT`].
pub fn openapi() -> Value {
    // One type can be read more generously than it is written: requests come from one reading, answers from another.
    let read = written_out(Contract::Deserialize);
    let written = written_out(Contract::Serialize);
    let mut document = schemas::joined(read, written);
    problems::add(&mut document);
    samples::add(&mut document);
    for (path, _, operation) in schemas::operations(&mut document) {
        if !path.starts_with(super::ROOT) {
            // Asked without a token.
            operation["security"] = json!([]);
        }
    }
    document
}

fn written_out(contract: Contract) -> Value {
    in_context(|context| context.schema = schemas::generator(contract));
    let mut document = OpenApi {
        info: Info {
            title: "usciere".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: Some(DESCRIPTION.to_owned()),
            license: Some(License {
                name: "Apache-2.0".to_owned(),
                identifier: Some("Apache-2.0".to_owned()),
                ..License::default()
            }),
            ..Info::default()
        },
        tags: TAGS.map(|(name, what)| tag(name, what)).into(),
        servers: vec![Server {
            url: "/".to_owned(),
            ..Server::default()
        }],
        ..OpenApi::default()
    };
    let _router: axum::Router<super::Shared> = ApiRouter::new()
        .nest(super::ROOT, super::routes())
        .finish_api_with(&mut document, secured);
    let _router: axum::Router<HttpState> = health::routes().finish_api(&mut document);
    serde_json::to_value(document).expect("an OpenAPI document is plain data")
}

fn tag(name: &str, what: &str) -> Tag {
    Tag {
        name: name.to_owned(),
        description: Some(what.to_owned()),
        ..Tag::default()
    }
}

fn secured(api: TransformOpenApi<'_>) -> TransformOpenApi<'_> {
    let bearer = SecurityScheme::Http {
        scheme: "bearer".to_owned(),
        bearer_format: Some("JWT".to_owned()),
        description: Some("A token of the configured OIDC issuer.".to_owned()),
        extensions: indexmap::IndexMap::default(),
    };
    api.security_scheme("bearer", bearer)
        .security_requirement("bearer")
        .default_response::<super::Problem>()
}

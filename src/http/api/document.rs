//! The OpenAPI 3.1 document, from the routes themselves.

use aide::axum::ApiRouter;
use aide::openapi::{Info, OpenApi, SecurityScheme};

/// The document of everything below [`super::ROOT`].
pub fn openapi() -> OpenApi {
    let mut document = OpenApi {
        info: Info {
            title: "usciere".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: Some(
                "\"Scrivi alla sede\": the same commands and rules as over AMQP, and the questions a portal asks."
                    .to_owned(),
            ),
            ..Info::default()
        },
        ..OpenApi::default()
    };
    let _router: axum::Router<super::Shared> = ApiRouter::new()
        .nest(super::ROOT, super::routes())
        .finish_api_with(&mut document, |api| {
            api.security_scheme(
                "bearer",
                SecurityScheme::Http {
                    scheme: "bearer".to_owned(),
                    bearer_format: Some("JWT".to_owned()),
                    description: Some("A token of the configured OIDC issuer.".to_owned()),
                    extensions: indexmap::IndexMap::default(),
                },
            )
            .security_requirement("bearer")
        });
    document
}

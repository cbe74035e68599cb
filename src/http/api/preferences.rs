//! How the caller wants to be told by mail, and the one click in a mail program that ends all mails.

use aide::OperationInput;
use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::Shared;
use super::caller::Member;
use crate::domain::mail::preferences::MailPreferences;
use crate::http::body::JsonBody;
use crate::http::problem::Problem;

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/preferences",
            get_with(read, |op| {
                op.id("getPreferences")
                    .tag("preferences")
                    .summary("How you want to be told by mail")
            })
            .put_with(replace, |op| {
                op.id("putPreferences").tag("preferences").summary(
                    "Choose anew how you want to be told by mail; what is left out is as if never chosen",
                )
            }),
        )
        .api_route(
            "/unsubscribe/{token}",
            post_with(unsubscribe, |op| {
                op.id("unsubscribe")
                    .tag("preferences")
                    .summary("End all mails to whoever got the mail with this token (RFC 8058)")
                    .response::<204, ()>()
            }),
        )
}

async fn read(State(api): State<Shared>, member: Member) -> Result<Json<MailPreferences>, Problem> {
    let preferences = api
        .store
        .mail_preferences(&member.membership.patronato, &member.person.id)
        .await?;
    Ok(Json(preferences))
}

async fn replace(
    State(api): State<Shared>,
    member: Member,
    JsonBody(preferences): JsonBody<MailPreferences>,
) -> Result<Json<MailPreferences>, Problem> {
    api.store
        .save_mail_preferences(&member.membership.patronato, &member.person.id, &preferences)
        .await?;
    Ok(Json(preferences))
}

/// The secret of one mail: whoever knows it has the mail.
pub(in crate::http) struct OfMail(Uuid);

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct MailPath {
    /// The secret of a mail, from its `List-Unsubscribe`.
    pub(in crate::http) token: Uuid,
}

impl<S: Send + Sync> FromRequestParts<S> for OfMail {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<MailPath>::from_request_parts(parts, state).await;
        path.map(|Path(path)| Self(path.token)).map_err(|_| unknown())
    }
}

impl OperationInput for OfMail {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Path::<MailPath>::operation_input(ctx, operation);
    }
}

/// Needs no login: a mail program has none. What it sends besides (`List-Unsubscribe=One-Click`) says nothing more.
async fn unsubscribe(State(api): State<Shared>, OfMail(token): OfMail) -> Result<StatusCode, Problem> {
    if api.store.unsubscribe(token).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown())
    }
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND)
}

//! `/mails`: how every mail stands, and another try. Never to whom it goes.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::Named;
use super::{conflict, says, unknown};
use crate::admin::mails::MailLine;
use crate::domain::ids::RequestId;
use crate::http::api::Shared;
use crate::http::api::caller::Manager;
use crate::http::api::listed::{Listed, one_more};
use crate::http::api::query::ApiQuery;
use crate::http::problem::Problem;
use crate::store::{MailFilter, MailId, MailRetry, MailState};

pub(super) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/mails",
            get_with(list, says("listMails", "Mails, the newest first")),
        )
        .api_route(
            "/mails/{id}/retry",
            post_with(retry, |operation| {
                says("retryMail", "Queues a mail again that was not sent")(operation).response::<202, ()>()
            }),
        )
        .api_route(
            "/mails/retry",
            post_with(retry_all, |operation| {
                says("retryMails", "Queues every mail again that was given up")(operation)
                    .response::<202, Json<Queued>>()
            }),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    state: Option<MailState>,
    /// The mails of this request.
    request: Option<RequestId>,
    /// The `next` of the page before.
    cursor: Option<MailId>,
    limit: Option<u16>,
}

async fn list(
    State(api): State<Shared>,
    Manager(_): Manager,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Json<Listed<MailLine>>, Problem> {
    let filter = MailFilter {
        states: wanted.state.into_iter().collect(),
        request: wanted.request,
        before: wanted.cursor,
        limit: one_more(wanted.limit),
    };
    let mails = api.store.list_mails(&filter).await?;
    let lines = mails.into_iter().map(MailLine::from).collect();
    Ok(Json(Listed::of(lines, wanted.limit, |line: &MailLine| {
        line.mail.id.to_string()
    })))
}

async fn retry(
    State(api): State<Shared>,
    Manager(_): Manager,
    Named(id): Named<MailId>,
) -> Result<StatusCode, Problem> {
    match api.store.retry_mail(id).await? {
        MailRetry::Queued => Ok(StatusCode::ACCEPTED),
        MailRetry::NotWaiting(state) => Err(conflict(
            "not_waiting",
            format!("it is {state}: it is not sent again"),
        )),
        MailRetry::Missing => Err(unknown("mail")),
    }
}

/// The mails that were queued again.
#[derive(Debug, Serialize, JsonSchema)]
struct Queued {
    ids: Vec<MailId>,
}

async fn retry_all(
    State(api): State<Shared>,
    Manager(_): Manager,
) -> Result<(StatusCode, Json<Queued>), Problem> {
    let ids = api.store.retry_given_up_mails().await?;
    Ok((StatusCode::ACCEPTED, Json(Queued { ids })))
}

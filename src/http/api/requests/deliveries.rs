//! `GET /requests/{id}/deliveries`: what the caller's sede was sent about a request, for a back-office that misses a
//! number (docs/consumer-contract.md). The same ids and bodies as in the queue.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::http::api::Shared;
use crate::http::api::caller::Official;
use crate::http::api::path::{OfRequest, unknown};
use crate::http::api::query::ApiQuery;
use crate::http::problem::Problem;
use crate::store::{SedeDelivery, StoreError, Viewer};

/// Answered at once; the next call goes on after the last `case_seq`.
const PAGE: u16 = 200;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Missing {
    /// The first number wanted.
    #[serde(default)]
    pub(in crate::http) from: u32,
}

/// A message as the queue of the sede had it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Delivery {
    pub(in crate::http) case_seq: u32,
    pub(in crate::http) message_id: Uuid,
    /// The `type` of the message.
    #[serde(rename = "type")]
    pub(in crate::http) kind: String,
    /// The message that caused it.
    pub(in crate::http) causation_id: Option<String>,
    /// `null`: it has not left yet and is about to come by the queue.
    pub(in crate::http) sent_at: Option<DateTime<Utc>>,
    pub(in crate::http) body: Value,
}

/// In order of their numbers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Deliveries {
    pub(in crate::http) items: Vec<Delivery>,
}

pub(super) async fn deliveries(
    State(api): State<Shared>,
    Official { person, sede }: Official,
    OfRequest(id): OfRequest,
    ApiQuery(missing): ApiQuery<Missing>,
) -> Result<Json<Deliveries>, Problem> {
    let mut question = api.store.ask(&Viewer::person(&person)).await?;
    question.request(id).await?.ok_or_else(unknown)?;
    let sent = question.deliveries(id, &sede, missing.from, PAGE).await?;
    let items = sent.into_iter().map(delivery).collect::<Result<_, _>>()?;
    Ok(Json(Deliveries { items }))
}

fn delivery(sent: SedeDelivery) -> Result<Delivery, StoreError> {
    let body = serde_json::from_slice(&sent.body)
        .map_err(|_| StoreError::corrupt("outbox_sent", "body", sent.message_id))?;
    Ok(Delivery {
        case_seq: sent.case_seq,
        message_id: sent.message_id,
        kind: sent.kind,
        causation_id: sent.causation_id,
        sent_at: sent.sent_at,
        body,
    })
}

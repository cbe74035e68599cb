//! What can be chosen from: topics and sedi.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::caller::Caller;
use crate::domain::command::ContactReason;
use crate::domain::ids::TopicCode;

pub(super) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new().api_route(
        "/topics",
        get_with(topics, |op| {
            op.id("listTopics")
                .tag("catalogue")
                .summary("Every topic that can be chosen")
        }),
    )
}

/// A topic that can be chosen.
#[derive(Debug, Serialize, JsonSchema)]
struct TopicEntry {
    code: TopicCode,
    label: String,
    /// The reasons it may be chosen for.
    reasons: Vec<ContactReason>,
}

async fn topics(State(api): State<Shared>, Caller(_): Caller) -> Json<Vec<TopicEntry>> {
    let registers = api.registers.borrow();
    let topics = registers.topics().map(|topic| TopicEntry {
        code: topic.code.clone(),
        label: topic.label.clone(),
        reasons: topic.reasons.clone(),
    });
    Json(topics.collect())
}

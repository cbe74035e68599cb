//! What the HTTP API of a node answers from.

use std::sync::Arc;

use tokio::sync::watch;

use super::Workflows;
use crate::attachments::AttachmentStore;
use crate::config::Config;
use crate::domain::registers::Registers;
use crate::engine::{Door, Engine};
use crate::http::api::Api;

pub(super) fn api(
    config: &Config,
    engine: &Engine,
    door: &Door,
    workflows: &Workflows,
    registers: &watch::Receiver<Arc<Registers>>,
    attachments: AttachmentStore,
) -> Arc<Api> {
    let store = engine.store().clone();
    Arc::new(Api {
        door: door.clone(),
        clock: engine.clock().clone(),
        workflows: workflows.subscribe(),
        registers: registers.clone(),
        people: engine.people().clone(),
        attachments,
        authority: Arc::new(crate::identity::Nobody),
        largest_body: config.amqp.max_body_bytes,
        store,
    })
}

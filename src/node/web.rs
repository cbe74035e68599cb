//! What the HTTP API and the pages of a node answer from.

use std::sync::Arc;

use tokio::sync::watch;

use super::{NodeError, NodeOptions, Workflows};
use crate::admin::dead_letters::Replay;
use crate::amqp::{Broker, DecodeRules};
use crate::attachments::AttachmentStore;
use crate::config::Config;
use crate::domain::registers::Registers;
use crate::engine::{Door, Engine};
use crate::http::api::{Api, Watch};
use crate::http::pages::{Portal, WAY_BACK};
use crate::http::rate_limit::RateLimits;
use crate::http::{self, Router};
use crate::identity::development::{DevelopmentKey, DevelopmentKeyError};
use crate::identity::{Authenticate, Authority, Login};
use crate::store::Store;

/// What the web part of a node is made of.
pub(super) struct WebParts<'a> {
    pub(super) options: &'a NodeOptions<'a>,
    pub(super) engine: &'a Arc<Engine>,
    pub(super) broker: &'a Broker,
    pub(super) door: &'a Door,
    pub(super) workflows: &'a Workflows,
    pub(super) registers: &'a watch::Receiver<Arc<Registers>>,
    pub(super) attachments: AttachmentStore,
}

/// The API and the pages, ready to answer.
pub(super) async fn router(parts: WebParts<'_>) -> Result<Router, NodeError> {
    let (config, shutdown) = (parts.options.config, parts.options.shutdown);
    let authority = Arc::new(authority(config, parts.engine.store(), parts.registers).await?);
    shutdown.spawn(
        "keys of the identity provider",
        Arc::clone(&authority).keep_current(shutdown.soft()),
    );
    let api = api(&authority, parts);
    let pages = http::pages::router(portal(config, &authority, &api));
    Ok(http::web(http::api::router(api), pages))
}

fn api(authority: &Arc<Authority>, parts: WebParts<'_>) -> Arc<Api> {
    let WebParts {
        options,
        engine,
        broker,
        door,
        workflows,
        registers,
        attachments,
    } = parts;
    let (config, shutdown) = (options.config, options.shutdown);
    let store = engine.store().clone();
    Arc::new(Api {
        door: door.clone(),
        clock: engine.clock().clone(),
        workflows: workflows.subscribe(),
        registers: registers.clone(),
        people: engine.people().clone(),
        attachments,
        limits: engine.limits().clone(),
        broker: broker.clone(),
        amqp: config.amqp.clone(),
        replay: Replay::new(Arc::clone(engine), DecodeRules::from(&config.amqp)),
        workflows_folder: config.workflows.dir.clone(),
        brand: config.brand.name.clone(),
        watch: Watch::start(store.clone(), shutdown.soft()),
        authority: Arc::clone(authority) as Arc<dyn Authenticate>,
        rate_limits: RateLimits::new(&config.http),
        patience: config.http.patience.get(),
        largest_body: config.amqp.max_body_bytes,
        store,
    })
}

/// What the pages answer from.
fn portal(config: &Config, authority: &Arc<Authority>, api: &Arc<Api>) -> Portal {
    let production = config.profile.is_production();
    let back = config.http.base_url.join(WAY_BACK).ok();
    Portal {
        api: Arc::clone(api),
        brand: config.brand.clone(),
        encrypted: production || config.http.base_url.scheme() == "https",
        base_url: config.http.base_url.clone(),
        login: back.and_then(|back| Login::of(&config.auth, Arc::clone(authority), back)),
        development: !production && config.http.is_loopback(),
    }
}

/// Whose tokens are believed.
async fn authority(
    config: &Config,
    store: &Store,
    registers: &watch::Receiver<Arc<Registers>>,
) -> Result<Authority, NodeError> {
    let authority = Authority::new(&config.auth, registers.clone());
    if config.profile.is_production() {
        return Ok(authority);
    }
    let key = DevelopmentKey::of(store).await?;
    Ok(authority
        .with_development(&key)
        .map_err(DevelopmentKeyError::Broken)?)
}

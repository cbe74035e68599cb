//! What stands before anything else: the HTTP listener, and a database with the schema of this program.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{NodeError, NodeOptions, Role, time};
use crate::config::Config;
use crate::http::dev::{DevHooks, OffsetNotKept};
use crate::http::late::Late;
use crate::http::{self, HttpState};
use crate::lifecycle::readiness::{Part, Readiness, Reason, Status};
use crate::store::{Rights, Store, StoreError};
use crate::telemetry::metrics::Exporter;

/// How long a node waits between two looks for a database that is not there yet.
const DATABASE_PAUSE: Duration = Duration::from_millis(300);

pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, NodeError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| NodeError::Http(address, error))
}

/// Health and metrics answer from the first moment, also while everything else is still being waited for, and until
/// `until` is cancelled, which is after all work is done.
pub(super) fn serve_http(
    options: &NodeOptions<'_>,
    store: &Store,
    listener: TcpListener,
    exporter: Exporter,
    late: Late,
    until: CancellationToken,
) {
    let config = options.config;
    let store = store.clone();
    let hooks = DevHooks {
        clock: options.clock.clone(),
        keep_offset: Arc::new(move |offset| {
            let store = store.clone();
            Box::pin(async move { store.set_clock_offset(offset).await.map_err(|_| OffsetNotKept) })
        }),
        mail_dir: match &config.smtp.url {
            crate::config::mail::SmtpUrl::Files(folder) => Some(folder.clone()),
            crate::config::mail::SmtpUrl::Server(_) => None,
        },
    };
    let state = HttpState {
        readiness: options.readiness.clone(),
        exporter,
        stop: options.shutdown.soft(),
    };
    let mut router = http::router(state, config.profile, config.http.listen, Some(hooks), late);
    if options.roles.contains(&Role::Web) {
        router = router.merge(http::secured(http::docs::router()));
    }
    options
        .shutdown
        .spawn("http", http::serve(listener, router, until));
}

/// Waits for the database; brings its schema up in development, insists on it being current otherwise. From then on its
/// time is the node's: before anything is decided or found due.
pub(super) async fn wait_for_database(
    options: &NodeOptions<'_>,
    store: &Store,
    stop: &CancellationToken,
) -> Result<(), NodeError> {
    let (config, readiness) = (options.config, &options.readiness);
    let mut said = false;
    loop {
        let ready = async {
            if !config.profile.is_production() {
                store.migrate().await?;
            }
            store.schema_status().await
        };
        match ready.await {
            Ok(status) if status.is_current() => {
                check_rights(store, config, readiness).await?;
                time::hear(store, &options.clock, readiness).await?;
                return Ok(());
            }
            Ok(status) => {
                return Err(NodeError::Schema {
                    known: status.known.last().map(|(version, _)| *version),
                    applied: status.applied.last().copied(),
                });
            }
            Err(StoreError::Unavailable(error)) => {
                if !std::mem::replace(&mut said, true) {
                    tracing::warn!(error = %error, "waiting for the database");
                }
            }
            // A login that may not even look is told what it lacks.
            Err(error) => {
                check_rights(store, config, readiness).await?;
                return Err(error.into());
            }
        }
        tokio::select! {
            () = stop.cancelled() => return Err(NodeError::Stopped),
            () = tokio::time::sleep(DATABASE_PAUSE) => {}
        }
    }
}

/// Nodes work as the engine's role, which row-level security binds and which cannot change what happened. A login that
/// may not take it would work as itself: in production nothing starts, in development it is said loudly.
async fn check_rights(store: &Store, config: &Config, readiness: &Readiness) -> Result<(), NodeError> {
    let Rights {
        as_engine,
        superuser,
        owner,
    } = store.rights().await?;
    if !as_engine && config.profile.is_production() {
        return Err(NodeError::NotTheEngine);
    }
    if !as_engine {
        tracing::warn!("{}", NodeError::NotTheEngine);
        readiness.set(Part::DatabaseRights, Status::degraded(Reason::NotTheEngine));
    } else if config.profile.is_production() && (superuser || owner) {
        tracing::warn!("the database login is a superuser or owns the tables: give nodes one of their own");
    }
    Ok(())
}

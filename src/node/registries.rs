//! The registers of people as configured, how they stand, and the parked commands that wait for them.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use metrics::gauge;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::NodeError;
use crate::config::registry::{RegisterSettings, RegisterSource, RegistrySettings};
use crate::domain::registers::RegisterName;
use crate::engine::Engine;
use crate::lifecycle::readiness::{Part, Readiness, Reason, Status};
use crate::registry::remote::{RemoteCitizens, RemoteOptions, RemotePractices};
use crate::registry::{PeopleRegisters, Standing, Trouble};
use crate::store::Store;
use crate::telemetry::metrics::{PARKED, PARKED_OLDEST_AGE_SECONDS};

/// How often parked commands are looked for when nothing announced a register to be back.
const LOOK: Duration = Duration::from_secs(1);

/// The registers as configured.
pub(super) fn people(settings: &RegistrySettings, store: &Store) -> Result<PeopleRegisters, NodeError> {
    let mut people = PeopleRegisters::local(store);
    if let Some(options) = remote(&settings.citizens) {
        people.citizens = Arc::new(RemoteCitizens::new(&options).map_err(NodeError::Registry)?);
    }
    if let Some(options) = remote(&settings.practices) {
        people.practices = Arc::new(RemotePractices::new(&options).map_err(NodeError::Registry)?);
    }
    Ok(people)
}

fn remote(settings: &RegisterSettings) -> Option<RemoteOptions> {
    match &settings.source {
        RegisterSource::Local => None,
        RegisterSource::Remote(url) => Some(RemoteOptions {
            url: url.clone(),
            timeout: settings.timeout.get(),
            token: settings.token.expose().map(str::to_owned),
        }),
    }
}

/// Every change of every remote register; never ends.
fn changes(people: &PeopleRegisters) -> BoxStream<'static, (RegisterName, Standing)> {
    let each = people.standings().into_iter().map(|(name, standing)| {
        stream::unfold(
            standing,
            move |mut standing: watch::Receiver<Standing>| async move {
                standing.changed().await.ok()?;
                let now = *standing.borrow_and_update();
                Some(((name, now), standing))
            },
        )
        .boxed()
    });
    stream::select_all(each).chain(stream::pending()).boxed()
}

/// Works what is parked as soon as its register is back. Ends between two batches.
pub(super) async fn work_parked(engine: Arc<Engine>, readiness: Readiness, closing: CancellationToken) {
    for (name, standing) in engine.people().standings() {
        readiness.set(part(name), status(*standing.borrow()));
    }
    let mut changes = changes(engine.people());
    let mut in_order = true;
    while !closing.is_cancelled() {
        match engine.work_parked().await {
            Ok(0) => in_order = true,
            Ok(_) => continue,
            Err(error) => {
                if std::mem::replace(&mut in_order, false) {
                    tracing::warn!(error = %error, "parked commands wait longer");
                }
            }
        }
        report(engine.store()).await;
        tokio::select! {
            () = closing.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
            Some((name, standing)) = changes.next() => readiness.set(part(name), status(standing)),
        }
    }
}

async fn report(store: &Store) {
    // That the database is away is said elsewhere.
    if let Ok(state) = store.parked_state().await {
        gauge!(PARKED).set(f64::from(u32::try_from(state.count).unwrap_or(u32::MAX)));
        gauge!(PARKED_OLDEST_AGE_SECONDS).set(state.oldest.map_or(0.0, |oldest| oldest.as_secs_f64()));
    }
}

const fn part(name: RegisterName) -> Part {
    match name {
        RegisterName::Citizens => Part::CitizensRegister,
        RegisterName::Practices => Part::PracticesRegister,
    }
}

/// A node whose register is away does all the rest of its work.
fn status(standing: Standing) -> Status {
    match standing {
        Standing::Up => Status::Up,
        Standing::Away(Trouble::Unavailable) => Status::degraded(Reason::Unreachable),
        Standing::Away(Trouble::Faulty) => Status::degraded(Reason::Faulty),
    }
}

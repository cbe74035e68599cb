//! The registers of people as configured; how they and the store of files stand, and the parked commands that wait.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use metrics::gauge;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::NodeError;
use crate::attachments;
use crate::config::registry::{RegisterSettings, RegisterSource, RegistrySettings};
use crate::domain::ids::NodeName;
use crate::domain::registers::RegisterName;
use crate::engine::Engine;
use crate::lifecycle::readiness::{Part, Readiness, Reason, Status};
use crate::registry::remote::{RemoteCitizens, RemoteOptions, RemotePractices};
use crate::registry::{PeopleRegisters, Standing, Trouble};
use crate::store::Store;
use crate::telemetry::metrics::{PARKED, PARKED_OLDEST_AGE_SECONDS};

/// How often parked commands are looked for when nothing was announced to be back.
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

/// How everything stands that commands may have to wait for: first as it is, then every change; never ends.
fn standings(engine: &Engine) -> BoxStream<'static, (Part, Status)> {
    let registers = engine.people().standings().into_iter();
    let registers = registers.map(|(name, standing)| {
        watched(standing)
            .map(move |now| (part(name), of_register(now)))
            .boxed()
    });
    let files = watched(engine.attachments().standing())
        .map(|now| (Part::Attachments, of_files(now)))
        .boxed();
    stream::select_all(registers.chain([files]))
        .chain(stream::pending())
        .boxed()
}

/// As it is, then as it changes.
fn watched<T: Copy + Send + Sync + 'static>(standing: watch::Receiver<T>) -> impl Stream<Item = T> + Send {
    stream::unfold((standing, true), |(mut standing, first)| async move {
        if !first {
            standing.changed().await.ok()?;
        }
        let now = *standing.borrow_and_update();
        Some((now, (standing, false)))
    })
}

/// Works what is parked as soon as what it waits for is back. Ends between two batches.
pub(super) async fn work_parked(
    engine: Arc<Engine>,
    node: NodeName,
    readiness: Readiness,
    closing: CancellationToken,
) {
    let mut standings = standings(&engine);
    let mut in_order = true;
    while !closing.is_cancelled() {
        match engine.work_parked(&node).await {
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
            Some((part, status)) = standings.next() => readiness.set(part, status),
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
fn of_register(standing: Standing) -> Status {
    match standing {
        Standing::Up => Status::Up,
        Standing::Away(Trouble::Unavailable) => Status::degraded(Reason::Unreachable),
        Standing::Away(Trouble::Faulty) => Status::degraded(Reason::Faulty),
    }
}

const fn of_files(standing: attachments::Standing) -> Status {
    match standing {
        attachments::Standing::Up => Status::Up,
        attachments::Standing::Away => Status::Degraded {
            reason: Reason::Unreachable,
        },
    }
}

//! Reports the state of database and broker to readiness and metrics.

use std::time::Duration;

use metrics::gauge;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::amqp::{Broker, BrokerState, Consuming, Publishing};
use crate::lifecycle::readiness::{Part, Readiness, Reason, Status};
use crate::store::{Store, StoreError, in_time};
use crate::telemetry::metrics::{
    DATABASE_CONNECTIONS, OUTBOX_OLDEST_AGE_SECONDS, OUTBOX_UNSENT, QUEUE_LAG, UNROUTED_REQUESTS,
};

const EVERY: Duration = Duration::from_secs(1);
const LAG_EVERY: Duration = Duration::from_secs(5);

/// Asks the database once a second whether it answers, and how much waits in the outbox.
pub(super) async fn watch_database(store: Store, readiness: Readiness, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let status = match in_time(store.outbox_state()).await {
            Ok(state) => {
                gauge!(OUTBOX_UNSENT).set(f64::from(i32::try_from(state.unsent).unwrap_or(i32::MAX)));
                gauge!(OUTBOX_OLDEST_AGE_SECONDS)
                    .set(state.oldest.map_or(0.0, |oldest| oldest.as_secs_f64()));
                writable(&store).await
            }
            Err(StoreError::Unavailable(_) | StoreError::Conflict(_) | StoreError::Locked(_)) => {
                Status::down(Reason::Unreachable)
            }
            Err(
                StoreError::Schema(_)
                | StoreError::Unfit(_)
                | StoreError::Other(_)
                | StoreError::Data { .. }
                | StoreError::Corrupt { .. },
            ) => Status::down(Reason::SchemaMismatch),
        };
        readiness.set(Part::Database, status);
        let (open, idle) = store.connections();
        gauge!(DATABASE_CONNECTIONS, "state" => "open").set(f64::from(open));
        gauge!(DATABASE_CONNECTIONS, "state" => "idle").set(f64::from(idle));
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// A standby answers questions as well. Connections to one that will stay one would never come to take anything.
async fn writable(store: &Store) -> Status {
    if store.is_standby().await.unwrap_or(false) {
        store.renew_connections().await;
        Status::down(Reason::ReadOnly)
    } else {
        Status::Up
    }
}

/// Looks every few seconds whether requests wait that no rule could route: somebody has to.
pub(super) async fn watch_unrouted(store: Store, readiness: Readiness, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // That the database is away is said elsewhere.
        if let Ok(waiting) = store.waiting_unrouted().await {
            gauge!(UNROUTED_REQUESTS).set(f64::from(i32::try_from(waiting).unwrap_or(i32::MAX)));
            readiness.set(
                Part::Routing,
                if waiting == 0 {
                    Status::Up
                } else {
                    Status::degraded(Reason::Unrouted)
                },
            );
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LAG_EVERY) => {}
        }
    }
}

/// Looks every few seconds how much waits in the intake: in its queues, and in shards left over.
pub(super) async fn watch_intake(broker: Broker, queues: Vec<String>, stop: CancellationToken) {
    // A broker that is slow to say is not waited for at the end.
    stop.run_until_cancelled(keep_watching(broker, queues)).await;
}

async fn keep_watching(broker: Broker, queues: Vec<String>) {
    loop {
        // What cannot be asked now is asked again; that the broker is away is said elsewhere.
        let left_over = broker.shards_left_over().await.unwrap_or_default();
        for queue in queues.iter().chain(left_over) {
            if let Ok(Some(status)) = broker.queue_status(queue).await {
                gauge!(QUEUE_LAG, "queue" => queue.clone()).set(f64::from(status.messages));
            }
        }
        tokio::time::sleep(LAG_EVERY).await;
    }
}

/// Passes on how the broker stands, as it changes.
pub(super) async fn watch_broker(
    mut state: watch::Receiver<BrokerState>,
    readiness: Readiness,
    stop: CancellationToken,
) {
    loop {
        report(&state.borrow_and_update(), &readiness);
        tokio::select! {
            () = stop.cancelled() => return,
            changed = state.changed() => if changed.is_err() { return },
        }
    }
}

fn report(state: &BrokerState, readiness: &Readiness) {
    let consuming = match &state.consuming {
        Consuming::Up => Status::Up,
        Consuming::NotBegun => Status::down(Reason::Starting),
        Consuming::Paused => Status::degraded(Reason::Paused),
        Consuming::Down { .. } => match &state.publishing {
            Publishing::Up | Publishing::Blocked { .. } => Status::down(Reason::ConsumerEnded),
            Publishing::Down { .. } => Status::down(Reason::Unreachable),
        },
    };
    let publishing = match &state.publishing {
        Publishing::Up => Status::Up,
        Publishing::Blocked { .. } => Status::degraded(Reason::BrokerBlocked),
        Publishing::Down { .. } => Status::down(Reason::Unreachable),
    };
    readiness.set(Part::BrokerConsuming, consuming);
    readiness.set(Part::BrokerPublishing, publishing);
}

//! All nodes go by the database's time; how far this machine's own clock is from it is said.

use std::time::Duration;

use chrono::TimeDelta;
use metrics::gauge;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::lifecycle::readiness::{Part, Readiness, Reason, Status};
use crate::store::{Store, StoreError};
use crate::telemetry::metrics::CLOCK_SKEW_SECONDS;

const EVERY: Duration = Duration::from_secs(1);
/// Said from here on.
pub const NOTICED: TimeDelta = TimeDelta::seconds(2);
/// From here on tokens and certificates, which are judged by the machine's clock, may be judged wrongly.
pub const TOO_FAR: TimeDelta = TimeDelta::seconds(30);

/// Asks the database for the time once a second.
pub(super) async fn keep(store: Store, clock: Clock, readiness: Readiness, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // That the database is away is said elsewhere; time goes on from what it said last.
        let _ = hear(&store, &clock, &readiness).await;
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Goes by the database's time from now on.
pub(super) async fn hear(store: &Store, clock: &Clock, readiness: &Readiness) -> Result<(), StoreError> {
    let asked = clock.ask();
    let ahead = clock.hear(asked, store.time().await?);
    gauge!(CLOCK_SKEW_SECONDS).set(ahead.as_seconds_f64());
    readiness.set(
        Part::Clock,
        match ahead.abs() {
            skew if skew > TOO_FAR => Status::down(Reason::ClockSkew),
            skew if skew > NOTICED => Status::degraded(Reason::ClockSkew),
            _ => Status::Up,
        },
    );
    Ok(())
}

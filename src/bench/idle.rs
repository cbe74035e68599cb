//! A node of every role that has nothing to do: how soon it is ready, and what it costs while it waits.

use std::time::{Duration, Instant};

use super::clients::Clients;
use super::meter::Meter;
use super::report::Report;
use super::system::Running;
use super::{BenchError, Place, whole};
use crate::store::Store;

/// What a node may take to be ready once its services are there, seconds.
const READY: f64 = 2.0;
/// What it may cost while nothing comes, per cent of a processor.
const IDLE: f64 = 1.0;
/// After it is ready it still opens connections and runs each job once.
const SETTLING: Duration = Duration::from_secs(3);
const WATCHED: Duration = Duration::from_secs(10);

/// Starts a node of every role and leaves it alone.
pub async fn leave_alone(place: &Place, store: &Store, report: &mut Report) -> Result<(), BenchError> {
    let began = Instant::now();
    let running = Running::of_every_role(place)?;
    Clients::new(place.http, &place.token)?.ready(place).await?;
    report.aim("start to ready", "s", READY, began.elapsed().as_secs_f64());
    tokio::time::sleep(SETTLING).await;
    let meter = Meter::start(place, store, &running).await?;
    tokio::time::sleep(WATCHED).await;
    let spent = meter.stop(&running, store).await?.engine;
    let share = spent.as_secs_f64() / WATCHED.as_secs_f64();
    report.aim("idle node", "% of a processor", IDLE, 100.0 * share);
    running.stop().await?;
    let bytes = std::fs::metadata(&place.program)?.len();
    report.add("program", "MiB", whole(bytes / 1024 / 1024));
    Ok(())
}

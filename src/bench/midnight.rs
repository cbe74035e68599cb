//! A midnight after days that nobody worked: everything that waits falls due at once, while requests go on coming in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::report::{Aim, Latency, Report};
use super::system::Running;
use super::{Bench, BenchError, LOOK, PATIENCE, all_sent, rate, whole};
use crate::amqp::bare::{self, Arrivals};
use crate::domain::ids::RequestId;
use crate::engine::Engine;

/// By then everything that waits now is due.
const LATER: TimeDelta = TimeDelta::days(20);
/// How long requests come in before it strikes.
const BEFORE: Duration = Duration::from_secs(5);
/// Requests come in by portions of so long, until all is swept.
const PORTION: Duration = Duration::from_secs(1);
/// What sweeping may make of the slowest requests, times.
const DOUBLED: f64 = 2.0;

/// Sweeps in this process, beside a node that takes what comes in.
pub(super) async fn strike(
    bench: &Bench<'_>,
    engine: &Arc<Engine>,
    report: &mut Report,
) -> Result<(), BenchError> {
    let settings = bench.way.settings(&bench.place.config);
    bare::purge(&settings, &bench.load.all_queues()).await?;
    let mut arrivals = bare::arrivals(&settings, bench.load.queues()).await?;
    let driver = bench
        .load
        .driver(&settings, &bench.place.config.node.name())
        .await?;
    let mut running = Running::start(bench.way, bench.place, bench.load)?;
    // The first ones wait until the node is there.
    let first = driver.send_at(bench.plan.rate, PORTION).await?;
    latency_of(first, &mut arrivals, &mut running).await;
    let usual = driver.send_at(bench.plan.rate, BEFORE).await?;
    let usual = latency_of(usual, &mut arrivals, &mut running).await;

    engine.clock().set_offset(LATER);
    let (began, sweeping) = (Instant::now(), Arc::clone(engine));
    let sweeping = tokio::spawn(async move { (sweeping.sweep().await, Instant::now()) });
    let mut meanwhile = driver.send_at(bench.plan.rate, PORTION).await?;
    while !sweeping.is_finished() {
        meanwhile.extend(driver.send_at(bench.plan.rate, PORTION).await?);
    }
    let (swept, ended) = sweeping.await.map_err(std::io::Error::other)?;
    let swept = swept?.fired;
    let fired = usize::try_from(swept).unwrap_or(usize::MAX);
    let meanwhile = latency_of(meanwhile, &mut arrivals, &mut running).await;
    report.add("fell due at once", "requests", whole(swept));
    report.add(
        "sweep of those",
        "requests/s",
        rate(fired, ended.duration_since(began)),
    );
    report.beside(
        "p99 while they are swept",
        "ms",
        Aim::AtMost(DOUBLED),
        usual.p99,
        meanwhile.p99,
    );
    all_sent(bench.store).await?;
    running.stop().await?;
    driver.close().await;
    arrivals.close().await;
    Ok(())
}

/// How long these took, among others that arrive as well; what does not arrive counts as long as was waited for it.
async fn latency_of(
    sent: BTreeMap<RequestId, Instant>,
    arrivals: &mut Arrivals,
    running: &mut Running,
) -> Latency {
    let (mut missing, mut taken) = (sent, Vec::new());
    let mut heard = Instant::now();
    while !missing.is_empty() && heard.elapsed() < PATIENCE && !running.has_ended() {
        let Ok(Some(arrival)) = tokio::time::timeout(LOOK, arrivals.next()).await else {
            continue;
        };
        heard = Instant::now();
        if let Some(published) = arrival.request.and_then(|request| missing.remove(&request)) {
            taken.push(arrival.at.duration_since(published));
        }
    }
    let now = Instant::now();
    taken.extend(missing.values().map(|published| now.duration_since(*published)));
    Latency::of(taken)
}

//! A midnight after days that nobody worked: everything that waits falls due at once, while requests go on coming in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::report::{Aim, Latency, Report};
use super::system::Running;
use super::{Bench, BenchError, Others, all_sent, rate, whole};
use crate::engine::Engine;

/// By then about half of what waits is due.
const SOONER: TimeDelta = TimeDelta::days(7);
/// By then everything that has waited for a day is due, and what comes in today is not.
const LATER: TimeDelta = TimeDelta::days(15);
/// How long requests come in before it strikes.
const BEFORE: Duration = Duration::from_secs(5);
/// Requests come in by portions of so long, until all is swept.
const PORTION: Duration = Duration::from_secs(1);
/// What sweeping may make of the slowest requests, times.
const DOUBLED: f64 = 2.0;

/// Sweeps in this process: at first while nothing else happens, then beside a node that takes what comes in.
pub(super) async fn strike(
    bench: &Bench<'_>,
    engine: &Arc<Engine>,
    report: &mut Report,
) -> Result<(), BenchError> {
    alone(engine, report).await?;
    let mut running = Running::start(bench.way, bench.place, bench.load)?;
    all_sent(bench.store).await?;
    let mut arrivals = bench.listen().await?;
    let driver = bench.portal().await?;
    // The first ones wait until the node is there.
    let first = driver.send_at(bench.plan.rate, PORTION).await?;
    bench
        .all_of(&first, Others::AreWrong, &mut arrivals, &mut running)
        .await?;
    let usual = driver.send_at(bench.plan.rate, BEFORE).await?;
    let usual = bench
        .all_of(&usual, Others::AreWrong, &mut arrivals, &mut running)
        .await?;
    let usual = Latency::of(usual.taken);

    engine.clock().set_offset(LATER);
    let (began, sweeping) = (Instant::now(), Arc::clone(engine));
    let sweeping = tokio::spawn(async move { (sweeping.sweep(|| false).await, Instant::now()) });
    let mut meanwhile = driver.send_at(bench.plan.rate, PORTION).await?;
    while !sweeping.is_finished() {
        meanwhile.extend(driver.send_at(bench.plan.rate, PORTION).await?);
    }
    let (swept, ended) = sweeping.await.map_err(std::io::Error::other)?;
    let swept = swept?.fired;
    let fired = usize::try_from(swept).unwrap_or(usize::MAX);
    // Sedi are told of what was swept as well.
    let meanwhile = bench
        .all_of(&meanwhile, Others::MayCome, &mut arrivals, &mut running)
        .await?;
    let meanwhile = Latency::of(meanwhile.taken);
    report.add("fell due while requests came in", "requests", whole(swept));
    report.add(
        "sweep beside them",
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

async fn alone(engine: &Engine, report: &mut Report) -> Result<(), BenchError> {
    engine.clock().set_offset(SOONER);
    let began = Instant::now();
    let swept = engine.sweep(|| false).await?.fired;
    let fired = usize::try_from(swept).unwrap_or(usize::MAX);
    report.add("fell due at once", "requests", whole(swept));
    report.add("sweep of those", "requests/s", rate(fired, began.elapsed()));
    Ok(())
}

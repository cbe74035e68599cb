//! When jobs run: over the change of the clocks, after a pause of the system, on three nodes at once.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::Rome;
use chrono_tz::Tz;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use usciere::clock::Clock;
use usciere::scheduler::{CronLine, Job, JobContext, JobReport, Scheduler};
use usciere::store::JobResult;

use super::database::TestDatabase;
use super::{Runs, history, name, node, scheduler, tick, utc};

/// Moves a standing clock.
fn set(clock: &Clock, start: DateTime<Utc>, now: DateTime<Utc>) {
    clock.set_offset(now - start);
}

/// Ticks every five minutes of engine time, from one instant to another.
async fn live(scheduler: &mut Scheduler, clock: &Clock, from: DateTime<Utc>, to: DateTime<Utc>) {
    let mut now = from;
    while now <= to {
        set(clock, from, now);
        tick(scheduler).await;
        now += TimeDelta::minutes(5);
    }
}

#[tokio::test]
async fn half_past_two_runs_once_on_the_days_the_clocks_change() {
    for (from, to, expected, late) in [
        (
            "2026-03-27T23:00:00Z",
            "2026-03-30T12:00:00Z",
            [
                "2026-03-28 02:30:00",
                "2026-03-29 02:30:00",
                "2026-03-30 02:30:00",
            ],
            0,
        ),
        (
            "2026-10-23T22:00:00Z",
            "2026-10-26T12:00:00Z",
            [
                "2026-10-24 02:30:00",
                "2026-10-25 02:30:00",
                "2026-10-26 02:30:00",
            ],
            0,
        ),
    ] {
        let database = TestDatabase::create().await;
        let (runs, clock) = (Runs::default(), Clock::fixed(utc(from)));
        let mut scheduler = scheduler(&database, "a", runs.job("0 30 2 * * *", Rome), &clock);
        live(&mut scheduler, &clock, utc(from), utc(to)).await;
        assert_eq!(runs.times(), expected);
        assert!(
            history(&database.store)
                .await
                .iter()
                .all(|run| run.late_by_ms == late),
            "at its time, each day"
        );
    }
}

#[tokio::test]
async fn a_schedule_of_the_hour_keeps_its_hour() {
    let database = TestDatabase::create().await;
    let from = utc("2026-10-24T00:00:00Z");
    let (runs, clock) = (Runs::default(), Clock::fixed(from));
    let mut scheduler = scheduler(&database, "a", runs.job("0 30 9 * * *", Rome), &clock);
    live(&mut scheduler, &clock, from, utc("2026-10-26T00:00:00Z")).await;
    let started: Vec<_> = history(&database.store)
        .await
        .iter()
        .map(|run| run.started_at.unwrap())
        .collect();
    assert_eq!(
        started,
        [utc("2026-10-25T08:30:00Z"), utc("2026-10-24T07:30:00Z")]
    );
}

#[tokio::test]
async fn what_was_missed_is_caught_up_once_and_says_how_late() {
    let database = TestDatabase::create().await;
    let start = utc("2026-11-20T01:00:00Z");
    let (runs, clock) = (Runs::default(), Clock::fixed(start));
    let mut before = scheduler(&database, "a", runs.job("0 15 3 * * *", Rome), &clock);
    tick(&mut before).await;
    drop(before);
    set(&clock, start, utc("2026-11-23T05:15:00Z"));
    let mut after = scheduler(&database, "a", runs.job("0 15 3 * * *", Rome), &clock);
    tick(&mut after).await;
    tick(&mut after).await;
    assert_eq!(
        runs.times(),
        ["2026-11-23 03:15:00"],
        "of three days the last, once"
    );
    assert_eq!(runs.0.lock().unwrap()[0].late_by, Duration::from_hours(3));
    assert_eq!(history(&database.store).await[0].late_by_ms, 3 * 3_600_000);
}

#[tokio::test]
async fn a_new_job_does_not_make_up_for_the_time_before_it() {
    let database = TestDatabase::create().await;
    let start = utc("2026-11-23T09:00:00Z");
    let (runs, clock) = (Runs::default(), Clock::fixed(start));
    let mut scheduler = scheduler(&database, "a", runs.job("0 15 3 * * *", Rome), &clock);
    tick(&mut scheduler).await;
    assert_eq!(runs.times(), [""; 0]);
    set(&clock, start, utc("2026-11-24T02:15:00Z"));
    tick(&mut scheduler).await;
    assert_eq!(runs.times(), ["2026-11-24 03:15:00"]);
}

#[tokio::test]
async fn a_clock_moved_ahead_and_back_leaves_no_job_asleep() {
    let database = TestDatabase::create().await;
    let start = utc("2026-11-23T09:00:00Z");
    let (runs, clock) = (Runs::default(), Clock::fixed(start));
    clock.set_offset(TimeDelta::days(16));
    let mut scheduler = scheduler(&database, "a", runs.job("0 * * * * *", Tz::UTC), &clock);
    tick(&mut scheduler).await;
    clock.set_offset(TimeDelta::minutes(1));
    tick(&mut scheduler).await;
    clock.set_offset(TimeDelta::minutes(2));
    tick(&mut scheduler).await;
    assert_eq!(
        runs.times(),
        [
            "2026-12-09 09:00:00",
            "2026-11-23 09:01:00",
            "2026-11-23 09:02:00"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_schedulers_run_each_time_once() {
    const MINUTES: i32 = 200;
    let database = TestDatabase::create().await;
    let start = utc("2026-11-23T09:00:00Z");
    let (runs, clock) = (Runs::default(), Clock::fixed(start));
    let barrier = Arc::new(tokio::sync::Barrier::new(3));
    let nodes = ["a", "b", "c"].map(|name| {
        let mut scheduler = scheduler(&database, name, runs.job("0 * * * * *", Tz::UTC), &clock);
        let (clock, barrier) = (clock.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            for minute in 0..MINUTES {
                // All three meet at each minute, and leave it together.
                if barrier.wait().await.is_leader() {
                    clock.set_offset(TimeDelta::minutes(i64::from(minute)));
                }
                barrier.wait().await;
                scheduler.tick().await;
                scheduler.settle().await;
            }
        })
    });
    for node in nodes {
        node.await.unwrap();
    }
    let mut times = runs.times();
    times.sort_unstable();
    let unique = times.len();
    times.dedup();
    assert_eq!((unique, times.len()), (200, 200), "each minute ran, and ran once");
    let rows: i64 = sqlx::query_scalar("select count(*) from job_run where result = 'done' and attempt = 1")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert_eq!(rows, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ticks_come_by_themselves_and_a_stop_waits_for_the_run_under_way() {
    let database = TestDatabase::create().await;
    let (begun, stopping) = (Arc::new(Notify::new()), CancellationToken::new());
    let signal = Arc::clone(&begun);
    let job = Job::new(
        name("job"),
        CronLine::parse("* * * * * *").unwrap(),
        Tz::UTC,
        move |context: JobContext| {
            signal.notify_one();
            async move {
                context.stop.cancelled().await;
                Ok(JobReport {
                    worked: 1,
                    note: Some("stopped in good order".to_owned()),
                })
            }
        },
    );
    let running = tokio::spawn(usciere::scheduler::run(
        database.store.clone(),
        node("a"),
        vec![job],
        Clock::system(),
        stopping.clone(),
    ));
    begun.notified().await;
    stopping.cancel();
    running.await.unwrap().unwrap();
    let history = history(&database.store).await;
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].result, Some(JobResult::Done));
}

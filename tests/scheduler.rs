//! Jobs on a real database: each time once, whatever the clocks and the nodes do (RELIABILITY 3, C1-C4).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/database.rs"]
mod database;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Europe::Rome;
use chrono_tz::Tz;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use usciere::clock::Clock;
use usciere::domain::ids::NodeName;
use usciere::scheduler::{CronLine, Job, JobContext, JobReport, Scheduler};
use usciere::store::{
    JobCause, JobName, JobResult, JobRunFilter, JobRunRow, NewJobRun, RunAsked, RunHold, RunStart, Store,
};

use database::TestDatabase;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn wall(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn name(text: &str) -> JobName {
    JobName::parse(text).unwrap()
}

fn node(text: &str) -> NodeName {
    NodeName::parse(text).unwrap()
}

/// Every run, as it was told.
#[derive(Clone, Default)]
struct Runs(Arc<Mutex<Vec<JobContext>>>);

impl Runs {
    fn job(&self, cron: &str, zone: Tz) -> Job {
        let runs = self.clone();
        Job::new(
            name("job"),
            CronLine::parse(cron).unwrap(),
            zone,
            move |context| {
                runs.0.lock().unwrap().push(context);
                async {
                    Ok(JobReport {
                        worked: 1,
                        note: None,
                    })
                }
            },
        )
    }

    fn times(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .map(|context| context.scheduled_for.to_string())
            .collect()
    }
}

fn scheduler(database: &TestDatabase, name: &str, job: Job, clock: &Clock) -> Scheduler {
    Scheduler::new(
        database.store.clone(),
        node(name),
        vec![job],
        clock.clone(),
        CancellationToken::new(),
    )
}

/// Moves a standing clock.
fn set(clock: &Clock, start: DateTime<Utc>, now: DateTime<Utc>) {
    clock.set_offset(now - start);
}

/// One tick, and the end of whatever it began.
async fn tick(scheduler: &mut Scheduler) {
    scheduler.tick().await;
    scheduler.settle().await;
}

async fn history(store: &Store) -> Vec<JobRunRow> {
    store
        .job_history(&JobRunFilter {
            job: name("job"),
            before: None,
            limit: 1_000,
        })
        .await
        .unwrap()
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

#[tokio::test]
async fn a_job_that_fails_or_panics_is_recorded_and_comes_again() {
    let database = TestDatabase::create().await;
    let start = utc("2026-11-23T09:00:00Z");
    let clock = Clock::fixed(start);
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let job = Job::new(
        name("job"),
        CronLine::parse("0 * * * * *").unwrap(),
        Tz::UTC,
        move |_| {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                match number {
                    0 => Err("x".parse::<u8>().unwrap_err().into()),
                    1 => panic!("as a fault would"),
                    _ => Ok(JobReport {
                        worked: 7,
                        note: Some("fine".to_owned()),
                    }),
                }
            }
        },
    );
    let mut scheduler = scheduler(&database, "a", job, &clock);
    for minute in 0..3 {
        clock.set_offset(TimeDelta::minutes(minute));
        tick(&mut scheduler).await;
        tick(&mut scheduler).await;
    }
    let ends: Vec<_> = history(&database.store)
        .await
        .into_iter()
        .rev()
        .map(|run| (run.result, run.report.unwrap()))
        .collect();
    assert_eq!(
        ends,
        [
            (
                Some(JobResult::Failed),
                serde_json::json!({ "error": "invalid digit found in string" })
            ),
            (
                Some(JobResult::Panicked),
                serde_json::json!({ "error": "the job panicked; the log has the place" })
            ),
            (
                Some(JobResult::Done),
                serde_json::json!({ "worked": 7, "note": "fine" })
            ),
        ]
    );
}

#[tokio::test]
async fn a_long_run_is_not_joined_by_another_and_holds_up_nothing_else() {
    let database = TestDatabase::create().await;
    let start = utc("2026-11-23T09:00:00Z");
    let clock = Clock::fixed(start);
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (waiting, counted) = (Arc::clone(&gate), Arc::clone(&begun));
    let slow = Job::new(
        name("slow"),
        CronLine::parse("0 * * * * *").unwrap(),
        Tz::UTC,
        move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            let gate = Arc::clone(&waiting);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(JobReport::default())
            }
        },
    );
    let quick = Runs::default();
    let jobs = vec![slow, quick.job("0 * * * * *", Tz::UTC)];
    let stop = CancellationToken::new();
    let mut a = Scheduler::new(
        database.store.clone(),
        node("a"),
        jobs.clone(),
        clock.clone(),
        stop.clone(),
    );
    let mut b = Scheduler::new(database.store.clone(), node("b"), jobs, clock.clone(), stop);
    for minute in 0..5 {
        clock.set_offset(TimeDelta::minutes(minute));
        a.tick().await;
        b.tick().await;
        let minutes = usize::try_from(minute).unwrap() + 1;
        while quick.times().len() < minutes {
            tokio::task::yield_now().await;
            a.tick().await;
            b.tick().await;
        }
    }
    gate.add_permits(10);
    a.settle().await;
    b.settle().await;
    assert_eq!(
        begun.load(Ordering::SeqCst),
        1,
        "on no node a second beside the first"
    );
    tick(&mut a).await;
    assert_eq!(
        begun.load(Ordering::SeqCst),
        2,
        "the last minute is caught up, those between are not"
    );
}

fn due(scheduled_for: &str) -> NewJobRun {
    NewJobRun {
        job: name("job"),
        scheduled_for: wall(scheduled_for),
        timezone: "UTC".to_owned(),
        due_at: wall(scheduled_for).and_utc(),
        cause: JobCause::Schedule,
        late_by: Duration::ZERO,
    }
}

async fn start_run(store: &Store, run: &NewJobRun, name: &str, lease: Duration) -> RunStart {
    store
        .start_job_run(run, &node(name), lease, run.due_at)
        .await
        .unwrap()
}

fn held(start: RunStart) -> RunHold {
    match start {
        RunStart::Started(hold) => hold,
        other @ (RunStart::Settled | RunStart::Busy | RunStart::Paused) => panic!("{other:?}"),
    }
}

async fn announced(start: &str) -> TestDatabase {
    let database = TestDatabase::create().await;
    let clock = Clock::fixed(utc(start));
    let job = Runs::default().job("0 0 0 1 JAN *", Tz::UTC);
    tick(&mut scheduler(&database, "announcer", job, &clock)).await;
    database
}

#[tokio::test]
async fn a_run_whose_node_died_is_taken_over_and_the_dead_has_no_say() {
    let database = announced("2026-11-23T09:00:00Z").await;
    let store = &database.store;
    let report = serde_json::json!({});
    let run = due("2026-11-23T09:01:00");
    let dead = held(start_run(store, &run, "a", Duration::ZERO).await);
    let alive = held(start_run(store, &run, "b", Duration::from_mins(1)).await);
    assert_eq!((dead.attempt, alive.attempt), (1, 2));
    assert_eq!(
        start_run(store, &run, "c", Duration::from_mins(1)).await,
        RunStart::Busy
    );
    assert!(!store.renew_job_run(&dead, Duration::from_mins(1)).await.unwrap());
    assert!(
        !store
            .finish_job_run(&dead, JobResult::Done, &report, run.due_at)
            .await
            .unwrap()
    );
    assert!(store.renew_job_run(&alive, Duration::from_mins(1)).await.unwrap());
    assert!(
        store
            .finish_job_run(&alive, JobResult::Done, &report, run.due_at)
            .await
            .unwrap()
    );
    assert_eq!(
        start_run(store, &run, "c", Duration::from_mins(1)).await,
        RunStart::Settled
    );
}

#[tokio::test]
async fn a_later_fire_takes_the_place_of_a_dead_run() {
    let database = announced("2026-11-23T09:00:00Z").await;
    let store = &database.store;
    held(start_run(store, &due("2026-11-23T09:01:00"), "a", Duration::ZERO).await);
    held(start_run(store, &due("2026-11-23T09:02:00"), "b", Duration::from_mins(1)).await);
    let results: Vec<_> = history(store).await.into_iter().map(|run| run.result).collect();
    assert_eq!(results, [None, Some(JobResult::Lost)]);
}

#[tokio::test]
async fn a_paused_job_rests_and_forgets_what_it_missed() {
    let database = TestDatabase::create().await;
    let start = utc("2026-11-23T09:00:00Z");
    let (runs, clock) = (Runs::default(), Clock::fixed(start));
    let mut scheduler = scheduler(&database, "a", runs.job("0 * * * * *", Tz::UTC), &clock);
    tick(&mut scheduler).await;
    let store = &database.store;
    assert!(
        store
            .pause_job(&name("job"), "gestore1", Some("manutenzione"), clock.now())
            .await
            .unwrap()
    );
    clock.set_offset(TimeDelta::seconds(90));
    tick(&mut scheduler).await;
    let job = store.list_jobs().await.unwrap().remove(0);
    assert_eq!(
        (job.paused, job.paused_by.as_deref(), job.note.as_deref()),
        (true, Some("gestore1"), Some("manutenzione"))
    );
    assert_eq!(job.last_run.unwrap().scheduled_for, wall("2026-11-23T09:00:00"));

    assert!(store.resume_job(&name("job"), clock.now()).await.unwrap());
    tick(&mut scheduler).await;
    assert_eq!(
        runs.times(),
        ["2026-11-23 09:00:00"],
        "what it missed is not made up for"
    );
    clock.set_offset(TimeDelta::seconds(120));
    tick(&mut scheduler).await;
    assert_eq!(runs.times(), ["2026-11-23 09:00:00", "2026-11-23 09:02:00"]);
    assert!(
        !store
            .pause_job(&name("nobody"), "gestore1", None, clock.now())
            .await
            .unwrap()
    );
    assert!(!store.resume_job(&name("nobody"), clock.now()).await.unwrap());
}

#[tokio::test]
async fn people_can_run_a_job_now_even_one_that_rests() {
    let database = TestDatabase::create().await;
    let clock = Clock::fixed(utc("2026-11-23T09:00:30Z"));
    let runs = Runs::default();
    let mut job = runs.job("0 15 3 * * *", Rome);
    job.enabled = false;
    let mut scheduler = scheduler(&database, "a", job, &clock);
    tick(&mut scheduler).await;
    let store = &database.store;
    store
        .pause_job(&name("job"), "gestore1", None, clock.now())
        .await
        .unwrap();
    let asked = store
        .ask_job_run(&name("job"), "gestore1", clock.now())
        .await
        .unwrap();
    assert_eq!(
        asked,
        RunAsked::Asked(wall("2026-11-23T10:00:30")),
        "the wall clock of Rome"
    );
    assert_eq!(
        store
            .ask_job_run(&name("job"), "gestore2", clock.now())
            .await
            .unwrap(),
        asked,
        "the same ask"
    );
    tick(&mut scheduler).await;
    tick(&mut scheduler).await;
    let history = history(store).await;
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].cause, JobCause::Hand);
    assert_eq!(
        (history[0].asked_by.as_deref(), history[0].result),
        (Some("gestore1"), Some(JobResult::Done))
    );
    assert_eq!(
        store
            .ask_job_run(&name("nobody"), "gestore1", clock.now())
            .await
            .unwrap(),
        RunAsked::Missing
    );
}

#[tokio::test]
async fn old_runs_are_forgotten_except_the_last() {
    let database = TestDatabase::create().await;
    let clock = Clock::fixed(utc("2026-11-23T09:00:00Z"));
    let mut scheduler = scheduler(
        &database,
        "a",
        Runs::default().job("0 * * * * *", Tz::UTC),
        &clock,
    );
    for minute in 0..3 {
        clock.set_offset(TimeDelta::minutes(minute));
        tick(&mut scheduler).await;
    }
    let later = clock.now() + TimeDelta::days(2);
    let store = &database.store;
    assert_eq!(
        store
            .forget_job_runs(Duration::from_hours(72), later)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        store
            .forget_job_runs(Duration::from_hours(24), later)
            .await
            .unwrap(),
        2
    );
    assert_eq!(history(store).await[0].scheduled_for, wall("2026-11-23T09:02:00"));
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

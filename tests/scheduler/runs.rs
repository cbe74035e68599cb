//! What becomes of a run: failures, takeovers, people.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Europe::Rome;
use chrono_tz::Tz;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use usciere::clock::Clock;
use usciere::scheduler::{CronLine, Job, JobReport, Scheduler};
use usciere::store::{JobCause, JobResult, NewJobRun, RunAsked, RunHold, RunStart, Store};

use super::database::TestDatabase;
use super::{Runs, history, name, node, scheduler, tick, utc, wall};

/// Fails, then panics, then does its work.
fn unsteady() -> Job {
    let tries = AtomicUsize::new(0);
    Job::new(
        name("job"),
        CronLine::parse("0 * * * * *").unwrap(),
        Tz::UTC,
        move |_| {
            let number = tries.fetch_add(1, Ordering::SeqCst);
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
    )
}

#[tokio::test]
async fn a_job_that_fails_or_panics_is_recorded_and_comes_again() {
    let database = TestDatabase::create().await;
    let clock = Clock::fixed(utc("2026-11-23T09:00:00Z"));
    let mut scheduler = scheduler(&database, "a", unsteady(), &clock);
    for minute in 0..3 {
        clock.set_offset(TimeDelta::minutes(minute));
        tick(&mut scheduler).await;
        tick(&mut scheduler).await;
    }
    let runs = history(&database.store).await;
    let ends: Vec<_> = runs
        .into_iter()
        .rev()
        .map(|run| (run.result, run.report.unwrap().to_string()))
        .collect();
    let end = |result, report: &str| (Some(result), report.to_owned());
    assert_eq!(
        ends,
        [
            end(JobResult::Failed, r#"{"error":"invalid digit found in string"}"#),
            end(
                JobResult::Panicked,
                r#"{"error":"the job panicked; the log has the place"}"#
            ),
            end(JobResult::Done, r#"{"note":"fine","worked":7}"#),
        ]
    );
}

/// Takes as long as the test wants, and counts how often it began.
fn slow(gate: &Arc<Semaphore>, begun: &Arc<AtomicUsize>) -> Job {
    let (gate, begun) = (Arc::clone(gate), Arc::clone(begun));
    Job::new(
        name("slow"),
        CronLine::parse("0 * * * * *").unwrap(),
        Tz::UTC,
        move |_| {
            begun.fetch_add(1, Ordering::SeqCst);
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(JobReport::default())
            }
        },
    )
}

#[tokio::test]
async fn a_long_run_is_not_joined_by_another_and_holds_up_nothing_else() {
    let database = TestDatabase::create().await;
    let clock = Clock::fixed(utc("2026-11-23T09:00:00Z"));
    let (gate, begun, quick) = (Arc::new(Semaphore::new(0)), Arc::default(), Runs::default());
    let jobs = vec![slow(&gate, &begun), quick.job("0 * * * * *", Tz::UTC)];
    let stop = CancellationToken::new();
    let [mut a, mut b] = ["a", "b"].map(|name| {
        Scheduler::new(
            database.store.clone(),
            node(name),
            jobs.clone(),
            clock.clone(),
            stop.clone(),
        )
    });
    for minute in 0..5 {
        clock.set_offset(TimeDelta::minutes(minute));
        while quick.times().len() < usize::try_from(minute).unwrap() + 1 {
            a.tick().await;
            b.tick().await;
            tokio::task::yield_now().await;
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

//! `usciere job`.

use std::sync::Arc;

use serde_json::json;
use tokio_util::sync::CancellationToken;
use usciere::clock::Clock;
use usciere::domain::ids::NodeName;
use usciere::scheduler::{CronLine, Job, JobReport, Scheduler};
use usciere::store::JobName;

use crate::system::System;

/// Two jobs for once a year, one of which fails.
fn jobs() -> Vec<Job> {
    let job = |name: &str, fails: bool| {
        Job::new(
            JobName::parse(name).unwrap(),
            CronLine::parse("0 30 2 1 1 *").unwrap(),
            chrono_tz::Europe::Rome,
            move |_| async move {
                if fails {
                    return Err(std::io::Error::other("the disk is full").into());
                }
                Ok(JobReport {
                    worked: 3,
                    note: None,
                })
            },
        )
    };
    vec![job("janitor", false), job("overdue", true)]
}

fn scheduler(system: &System) -> Scheduler {
    let node = NodeName::parse("test").unwrap();
    let store = system.database.store.clone();
    Scheduler::new(store, node, jobs(), Clock::system(), CancellationToken::new())
}

#[tokio::test]
async fn jobs_are_known_once_a_scheduler_ran() {
    let system = System::start().await;
    assert_eq!(system.usciere(&["job", "list"]).json(), json!([]));
    assert_eq!(system.usciere(&["job", "next"]).code, 5);
    scheduler(&system).tick().await;
    let listed = system.usciere(&["job", "list"]);
    assert_eq!(listed.all("name"), ["janitor", "overdue"]);
    assert!(
        listed.json()[0]["next_at"]
            .as_str()
            .unwrap()
            .contains("-01-01T01:30:00Z")
    );
    let next = system.usciere(&["job", "next", "janitor", "-n", "3"]);
    assert_eq!(next.all("job"), ["janitor"; 3]);
    let unknown = system.usciere(&["job", "next", "janitro"]);
    assert!(
        unknown.code == 5 && unknown.talk.contains("janitor, overdue"),
        "{}",
        unknown.talk
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_by_hand_ends_as_the_job_ends() {
    let system = Arc::new(System::start().await);
    let mut scheduler = scheduler(&system);
    scheduler.tick().await;
    for (job, code, result) in [("janitor", 0, "done"), ("overdue", 1, "failed")] {
        let asking = {
            let system = Arc::clone(&system);
            tokio::task::spawn_blocking(move || system.usciere(&["job", "run", job]))
        };
        while !asking.is_finished() {
            scheduler.tick().await;
            scheduler.settle().await;
            tokio::task::yield_now().await;
        }
        let ended = asking.await.unwrap();
        assert_eq!(ended.code, code, "{}", ended.talk);
        assert_eq!(ended.json()["result"], result);
        let history = system.usciere(&["job", "history", job]).json();
        assert_eq!(history[0]["cause"], "hand");
        assert_eq!(history[0]["result"], result);
    }
}

#[tokio::test]
async fn without_a_scheduler_a_run_stays_asked_for() {
    let system = System::start().await;
    scheduler(&system).tick().await;
    let waited = system.usciere(&["job", "run", "janitor", "--timeout", "1ms"]);
    assert_eq!(waited.code, 69, "{}", waited.talk);
    assert_eq!(system.usciere(&["job", "run", "janitor", "--no-wait"]).code, 0);
    assert_eq!(system.usciere(&["job", "run", "janitro"]).code, 5);
    let history = system.usciere(&["job", "history", "janitor"]);
    let by_hand = history
        .all("cause")
        .into_iter()
        .filter(|cause| cause == "hand")
        .count();
    assert_eq!(by_hand, 2);
}

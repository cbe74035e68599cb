//! Jobs on a real database: each time once, whatever the clocks and the nodes do (RELIABILITY 3, C1-C4).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/database.rs"]
mod database;
#[path = "support/services.rs"]
mod services;

#[path = "scheduler/runs.rs"]
mod runs;
#[path = "scheduler/times.rs"]
mod times;

use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use tokio_util::sync::CancellationToken;
use usciere::clock::Clock;
use usciere::domain::ids::NodeName;
use usciere::scheduler::{CronLine, Job, JobContext, JobReport, Scheduler};
use usciere::store::{JobName, JobRunFilter, JobRunRow, Store};

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

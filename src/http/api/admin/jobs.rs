//! `/jobs`: what runs by the clock.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::Named;
use super::{conflict, says, unknown};
use crate::admin::jobs::{JobLine, fires};
use crate::http::api::Shared;
use crate::http::api::caller::Manager;
use crate::http::api::listed::{Listed, one_more};
use crate::http::api::query::ApiQuery;
use crate::http::body::JsonBody;
use crate::http::problem::Problem;
use crate::store::{JobName, JobRow, JobRunFilter, JobRunRow, RunAsked};

/// How many next fires are told of each job.
const AHEAD: usize = 5;

pub(super) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/jobs",
            get_with(
                list,
                says("listJobs", "The jobs with their last run and their next"),
            ),
        )
        .api_route(
            "/jobs/{id}/history",
            get_with(
                history,
                says("showJobHistory", "The runs of a job, the newest first"),
            ),
        )
        .api_route(
            "/jobs/{id}/run",
            post_with(run, |operation| {
                says("runJob", "Asks the schedulers to run a job now")(operation)
                    .response::<202, Json<Asked>>()
            }),
        )
        .api_route(
            "/jobs/{id}/pause",
            post_with(
                pause,
                says("pauseJob", "Holds a job: it runs only when asked for"),
            ),
        )
        .api_route(
            "/jobs/{id}/resume",
            post_with(resume, says("resumeJob", "Lets a job run by the clock again")),
        )
}

/// A job with its next fires.
#[derive(Debug, Serialize, JsonSchema)]
struct Job {
    #[serde(flatten)]
    line: JobLine,
    /// None while it is held.
    next: Vec<DateTime<Utc>>,
}

/// Every job that a node has made known.
#[derive(Debug, Serialize, JsonSchema)]
struct Jobs {
    items: Vec<Job>,
}

impl Job {
    fn new(job: JobRow, now: DateTime<Utc>) -> Self {
        let next = fires(&job, now, AHEAD);
        Self {
            next: next.iter().map(DateTime::to_utc).collect(),
            line: JobLine::new(job, now),
        }
    }
}

async fn list(State(api): State<Shared>, Manager(_): Manager) -> Result<Json<Jobs>, Problem> {
    let now = api.clock.now();
    let jobs = api.store.list_jobs().await?;
    Ok(Json(Jobs {
        items: jobs.into_iter().map(|job| Job::new(job, now)).collect(),
    }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Paging {
    /// The `next` of the page before.
    cursor: Option<NaiveDateTime>,
    limit: Option<u16>,
}

async fn history(
    State(api): State<Shared>,
    Manager(_): Manager,
    Named(name): Named<JobName>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<Json<Listed<JobRunRow>>, Problem> {
    one(&api, &name).await?;
    let filter = JobRunFilter {
        job: name,
        before: paging.cursor,
        limit: one_more(paging.limit),
    };
    let runs = api.store.job_history(&filter).await?;
    Ok(Json(Listed::of(runs, paging.limit, |run| {
        run.scheduled_for.format("%Y-%m-%dT%H:%M:%S%.f").to_string()
    })))
}

/// A run that was asked for.
#[derive(Debug, Serialize, JsonSchema)]
struct Asked {
    /// Names the run in the history.
    scheduled_for: NaiveDateTime,
}

async fn run(
    State(api): State<Shared>,
    Manager(person): Manager,
    Named(name): Named<JobName>,
) -> Result<(StatusCode, Json<Asked>), Problem> {
    let asked = api
        .store
        .ask_job_run(&name, person.id.as_str(), api.clock.now())
        .await?;
    match asked {
        RunAsked::Asked(scheduled_for) => Ok((StatusCode::ACCEPTED, Json(Asked { scheduled_for }))),
        RunAsked::Missing => Err(unknown("job")),
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// Why; shown with the job.
    note: Option<String>,
}

async fn pause(
    State(api): State<Shared>,
    Manager(person): Manager,
    Named(name): Named<JobName>,
    JsonBody(wish): JsonBody<Wish>,
) -> Result<Json<Job>, Problem> {
    let now = api.clock.now();
    api.store
        .pause_job(&name, person.id.as_str(), wish.note.as_deref(), now)
        .await?;
    Ok(Json(Job::new(one(&api, &name).await?, now)))
}

async fn resume(
    State(api): State<Shared>,
    Manager(_): Manager,
    Named(name): Named<JobName>,
) -> Result<Json<Job>, Problem> {
    let now = api.clock.now();
    if !one(&api, &name).await?.paused {
        return Err(conflict("not_paused", "nobody holds this job"));
    }
    api.store.resume_job(&name, now).await?;
    Ok(Json(Job::new(one(&api, &name).await?, now)))
}

async fn one(api: &Shared, name: &JobName) -> Result<JobRow, Problem> {
    let jobs = api.store.list_jobs().await?;
    jobs.into_iter()
        .find(|job| job.name == *name)
        .ok_or_else(|| unknown("job"))
}

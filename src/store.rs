//! PostgreSQL, the only truth. (Minimal: the engine's store takes its place.)

mod error;
mod jobs;
mod mails;

use std::str::FromStr;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

pub use error::StoreError;
pub use jobs::{
    Announced, AskedRun, JobCause, JobName, JobResult, JobRow, JobRunFilter, JobRunRow, NewJobRun, RunAsked,
    RunHold, RunStart,
};
pub use mails::{
    ClaimedMail, MailCounts, MailEnd, MailFilter, MailId, MailParams, MailRetry, MailState, MailSummary,
    NewMail, UnknownOutcome,
};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How to reach the database and how long its answers may take.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    pub url: String,
    pub application_name: String,
    pub max_connections: u32,
    pub statement_timeout: Duration,
    pub lock_timeout: Duration,
}

/// The database, shared by everything in one node.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
}

impl Store {
    pub fn new(options: &StoreOptions) -> Result<Self, StoreError> {
        let connect = PgConnectOptions::from_str(&options.url)
            .map_err(StoreError::from)?
            .application_name(&options.application_name);
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .connect_lazy_with(connect);
        Ok(Self { pool })
    }

    pub async fn migrate(&self) -> Result<(), StoreError> {
        MIGRATIONS.run(&self.pool).await.map_err(StoreError::from)
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

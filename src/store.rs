//! PostgreSQL, the only truth. All SQL of usciere stands in this module; its verbs are what the engine does, not
//! what tables hold.
//!
//! Relies on `migrations/`. Futures of this module are never dropped half way (no `select!`, no `timeout` round
//! them): sqlx 0.9.0 returns a connection with an open transaction to the pool when `begin()` is cancelled.
//! Limits on time are the server's: `statement_timeout`, `lock_timeout`; `in_time` is for one that says nothing at all.

mod agenda;
mod answer;
mod attachments;
mod attempts;
mod audit;
mod blockers;
mod cases;
mod counting;
mod crowd;
mod dead_letters;
mod drafts;
mod error;
mod in_time;
mod inbox;
mod intake;
mod jobs;
mod json;
mod mails;
mod nodes;
mod outbox;
mod parked;
mod pauses;
mod questions;
mod registers;
mod rows;
mod saved_filters;
mod scope;
mod sessions;
mod settings;
mod unsent_texts;
mod work;
mod writes;

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};

pub use agenda::{SlotFilter, Withdrawn};
pub use answer::Answer;
pub use attachments::{FileUse, VisibleFile};
pub use attempts::Fingerprint;
pub use audit::{AuditFilter, AuditReading, Sealed, Walked};
pub use blockers::Blocker;
pub use cases::Sending;
pub use counting::FiguresCounted;
pub use crowd::CrowdPart;
pub use dead_letters::{
    DeadLetter, DeadLetterFilter, DeadLetterId, DeadLetterMatch, DeadLetterSummary, NewDeadLetter,
    Resolution, Resolved,
};
pub use error::StoreError;
pub(crate) use in_time::in_time;
pub use intake::{InboxRow, IntakeTransaction, NewOutboxRow, Outcome, SeenMessage};
pub use jobs::{
    Announced, AskedRun, JobCause, JobName, JobResult, JobRow, JobRunFilter, JobRunRow, NewJobRun, RunAsked,
    RunHold, RunStart,
};
pub use mails::{
    ClaimedMail, DigestReader, MailCounts, MailEnd, MailFilter, MailId, MailRetry, MailState, MailSummary,
    NewMail, UnknownOutcome,
};
pub use nodes::{Freed, NodeRow};
pub use outbox::{BackOff, BucketLease, LOOK, Leases, OutboxRow, OutboxState, WaitingFor};
pub use parked::{KeptMessage, NewParked, ParkedCommand, ParkedId, ParkedState, Waiting};
pub use pauses::HeldNow;
use questions::Vocabulary;
pub use questions::{
    Choices, Counted, Counts, DigestRow, Feed, FeedItem, FeedPosition, Listed, Notice, Question,
    RepliedRequest, Replies, ReplyRow, ReplyTimes, RequestPages, SedeDelivery, Statistics, StatisticsLine,
    Viewer,
};
pub use registers::{PatronatoOffice, RegisterImport, Written};
pub use saved_filters::Saving;
pub use scope::Rights;
pub use sessions::AskedBy;
pub use settings::{Change, Kept};
pub use work::DatabaseWork;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Longest to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection idle for longer may have died unnoticed.
const FRESH: Duration = Duration::from_secs(1);

/// How to reach the database and how long its answers may take.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// `postgres://user:password@host:port/database`, or with `?host=/socket/dir`.
    pub url: String,
    pub application_name: String,
    pub max_connections: u32,
    pub statement_timeout: Duration,
    pub lock_timeout: Duration,
}

/// The database, shared by everything in one node.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    vocabulary: Arc<Vocabulary>,
}

impl Store {
    /// Prepares a pool; connects on first use, so that a node starts while its database does not.
    pub fn new(options: &StoreOptions) -> Result<Self, StoreError> {
        let connect = PgConnectOptions::from_str(&options.url)
            .map_err(StoreError::from)?
            .application_name(&options.application_name)
            .options([
                ("statement_timeout", millis(options.statement_timeout)),
                ("lock_timeout", millis(options.lock_timeout)),
                (
                    "idle_in_transaction_session_timeout",
                    millis(Duration::from_mins(1)),
                ),
                ("timezone", "UTC".to_owned()),
                ("synchronous_commit", "on".to_owned()),
                // What batches ask is always the same; planning it anew cost as much as answering it. Questions of
                // people are planned for the values at hand (`begin_reading`).
                ("plan_cache_mode", "force_generic_plan".to_owned()),
                // No question takes as long as compiling it, whatever the planner expects of millions of rows.
                ("jit", "off".to_owned()),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .max_lifetime(Duration::from_mins(10))
            // A connection in use a moment ago is not asked whether it lives: that would be a round trip per batch.
            .test_before_acquire(false)
            .before_acquire(|connection, told| {
                Box::pin(async move {
                    if told.idle_for > FRESH {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(|connection, _| scope::as_engine(connection))
            .after_release(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .connect_lazy_with(connect);
        Ok(Self {
            pool,
            vocabulary: Arc::default(),
        })
    }

    /// For a single command: whether the database answers, at once and with the reason why not. The pool alone would
    /// try again until its patience ends, and then tell only that.
    pub async fn reach(&self) -> Result<(), StoreError> {
        let options = self.pool.connect_options();
        // Not the pool's connection, and nothing is asked of it: it may be given up half way.
        let connecting = PgConnection::connect_with(&options);
        let connection = tokio::time::timeout(ACQUIRE_TIMEOUT, connecting)
            .await
            .map_err(|_| StoreError::Unavailable(sqlx::Error::PoolTimedOut))??;
        Ok(connection.close().await?)
    }

    /// Brings the schema up to this binary's; does nothing when it is. With the login's own rights: the engine's
    /// role may not change tables.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        MIGRATIONS.run(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// The migrations this binary knows and the ones the database has.
    pub async fn schema_status(&self) -> Result<SchemaStatus, StoreError> {
        let known = MIGRATIONS
            .iter()
            .map(|m| (m.version, m.description.to_string()))
            .collect();
        let table: bool =
            sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "there!""#)
                .fetch_one(&self.pool)
                .await?;
        let applied = if table {
            // Not `query!`: the table is sqlx's own and does not stand in `migrations/`.
            sqlx::query_scalar::<_, i64>(
                "select version from _sqlx_migrations where success order by version",
            )
            .fetch_all(&self.pool)
            .await?
        } else {
            Vec::new()
        };
        Ok(SchemaStatus { known, applied })
    }

    /// The time on the database's clock, which all nodes share.
    pub async fn time(&self) -> Result<DateTime<Utc>, StoreError> {
        let time = sqlx::query_scalar!(r#"select clock_timestamp() as "time!""#)
            .fetch_one(&self.pool)
            .await?;
        Ok(time)
    }

    /// Whether this is a standby, which takes nothing: the primary moved, or the connection was led here too early.
    pub async fn is_standby(&self) -> Result<bool, StoreError> {
        let standby = sqlx::query_scalar!(r#"select pg_is_in_recovery() as "standby!""#)
            .fetch_one(&self.pool)
            .await?;
        Ok(standby)
    }

    /// Parts with connections nobody uses at the moment: new ones go where the address leads now.
    pub async fn renew_connections(&self) {
        for _ in 0..self.pool.size() {
            let Some(connection) = self.pool.try_acquire() else {
                return;
            };
            let _going_anyway = connection.close().await;
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query_scalar!(r#"select 1 as "one!""#)
            .fetch_one(&self.pool)
            .await?;
        Ok(())
    }

    /// A listener on the channels by which nodes wake each other.
    pub async fn listen(&self) -> Result<Changes, StoreError> {
        let mut listener = sqlx::postgres::PgListener::connect_with(&self.pool).await?;
        listener.listen_all(Change::CHANNELS.iter().copied()).await?;
        Ok(Changes { listener })
    }

    /// The connections of this node: open ones, and those of them that do nothing.
    pub fn connections(&self) -> (u32, u32) {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        (self.pool.size(), idle)
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// What migrations a binary knows and a database has.
#[derive(Debug, Clone)]
pub struct SchemaStatus {
    pub known: Vec<(i64, String)>,
    pub applied: Vec<i64>,
}

impl SchemaStatus {
    pub fn is_current(&self) -> bool {
        self.known
            .iter()
            .map(|(version, _)| version)
            .eq(self.applied.iter())
    }

    /// The database is of a newer binary: this one must not write to it.
    pub fn is_ahead(&self) -> bool {
        self.applied.last() > self.known.last().map(|(version, _)| version)
    }
}

/// The stream of changes other nodes made. A lost connection ends it: listen again, and look at everything.
pub struct Changes {
    listener: sqlx::postgres::PgListener,
}

impl Changes {
    /// The next change. Notifications of no meaning here are skipped.
    pub async fn next(&mut self) -> Result<Change, StoreError> {
        loop {
            let Some(notification) = self.listener.try_recv().await? else {
                return Err(StoreError::Unavailable(sqlx::Error::PoolClosed));
            };
            if let Some(change) = Change::read(notification.channel(), notification.payload()) {
                return Ok(change);
            }
        }
    }
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

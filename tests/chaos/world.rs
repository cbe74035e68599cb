//! What the rig stands on: a PostgreSQL and a RabbitMQ that can die, a mail server, the example registers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::time::Instant;
use url::Url;
use usciere::config::Config;
use usciere::dev::examples;
use usciere::node;

use crate::engine::{Engine, Orders};
use crate::fake_smtp::{Answer, FakeSmtp, Moment, Privacy};
use crate::proxy::Proxy;
use crate::service::{Kind, Service};

/// Longest any condition is waited for: far above what it takes, only to end a run that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// Lines.
const LAST_WORDS: usize = 30;
const LOOK: Duration = Duration::from_millis(20);
/// A quorum queue of RabbitMQ 3.10 that is killed within a second of its declaration forgets what it confirmed.
const SETTLED: Duration = Duration::from_secs(5);

pub(crate) struct World {
    pub(crate) database: Service,
    pub(crate) broker: Service,
    pub(crate) smtp: FakeSmtp,
    /// The mail server takes mails and then says nothing.
    pub(crate) smtp_stalls: Arc<AtomicBool>,
    pub(crate) folder: TempDir,
    /// The clients' way to the broker: it never breaks by itself.
    calm: Proxy,
}

impl World {
    /// Services, the schema, the registers and the topology.
    pub(crate) async fn start() -> Self {
        let (database, broker) = tokio::join!(Service::start(Kind::Postgres), Service::start(Kind::Broker));
        let calm = Proxy::before(broker.address()).await;
        let smtp_stalls = Arc::<AtomicBool>::default();
        let stalls = Arc::clone(&smtp_stalls);
        let world = Self {
            database,
            broker,
            calm,
            smtp: FakeSmtp::scripted(Privacy::None, move |turn| {
                if turn.moment == Moment::EndOfMail && stalls.load(Ordering::SeqCst) {
                    Answer::Stall
                } else {
                    Answer::Usual
                }
            }),
            smtp_stalls,
            folder: tempfile::tempdir().unwrap(),
        };
        let mut config = Config::default();
        config.database.url = world.database.url().as_str().parse().unwrap();
        let store = node::store(&config, &config.node.name()).unwrap();
        store.migrate().await.unwrap();
        examples::load(&store).await.unwrap();
        store.close().await;
        let mut engine = Engine::new(&world, "declares").await;
        engine.start(&world, &Orders::default());
        world
            .until("the queues are declared and consumed", async |_| engine.works())
            .await;
        tokio::time::sleep(SETTLED).await;
        engine.signal(nix::sys::signal::Signal::SIGTERM);
        let status = engine.ended(PATIENCE).await;
        assert!(
            status.is_some_and(|status| status.success()),
            "{status:?}\n{}",
            engine.log()
        );
        world
    }

    pub(crate) fn smtp_url(&self) -> String {
        format!("smtp://{}?tls=none", self.smtp.address)
    }

    pub(crate) fn attachments_url(&self) -> String {
        format!("file:{}", self.folder.path().join("attachments").display())
    }

    /// Where clients find the broker, for as long as the rig lives.
    pub(crate) fn clients_url(&self) -> Url {
        let mut url = self.broker.url();
        url.set_port(Some(self.calm.port)).unwrap();
        url
    }

    pub(crate) async fn connection(&self) -> PgConnection {
        let url = self.database.url();
        let until = Instant::now() + PATIENCE;
        loop {
            match PgConnection::connect(url.as_str()).await {
                Ok(connection) => return connection,
                Err(error) => assert!(Instant::now() < until, "{error}"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// A number, asked for on a connection of its own.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        let mut connection = self.connection().await;
        let count = sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        count
    }

    /// All of it or nothing, as often as it takes: the engine may win a deadlock.
    pub(crate) async fn execute(&self, statements: &str) {
        self.until("the rig's statements are done", async |world| {
            let mut connection = world.connection().await;
            sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
                .execute(&mut connection)
                .await
                .is_ok()
        })
        .await;
    }

    /// Waits for a condition and answers how long that took.
    pub(crate) async fn until(&self, what: &str, condition: impl AsyncFn(&Self) -> bool) -> Duration {
        let since = Instant::now();
        while !condition(self).await {
            assert!(
                since.elapsed() < PATIENCE,
                "{what}: waited too long\n{}",
                self.last_words()
            );
            tokio::time::sleep(LOOK).await;
        }
        since.elapsed()
    }

    /// How the log of each node ends.
    fn last_words(&self) -> String {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let logs = files.map(|file| file.unwrap().path());
        let logs = logs.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
        let ends = logs.map(|path| {
            let log = std::fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<&str> = log.lines().rev().take(LAST_WORDS).collect();
            let lines: Vec<&str> = lines.into_iter().rev().collect();
            format!("{}\n{}", path.display(), lines.join("\n"))
        });
        ends.collect::<Vec<_>>().join("\n")
    }
}

//! A database of its own for each test, on the server of `DATABASE_URL`.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use usciere::clock::Clock;
use usciere::store::{Store, StoreOptions};

pub(crate) struct TestDatabase {
    pub(crate) store: Store,
    /// For what only tests look at.
    pub(crate) pool: PgPool,
    server: String,
    name: String,
}

#[expect(clippy::disallowed_methods, reason = "tests have no configuration")]
fn server() -> String {
    std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL server for tests")
}

impl TestDatabase {
    /// Creates it and brings it up to date.
    pub(crate) async fn create() -> Self {
        let server = server();
        let name = format!("usciere_test_{}", Clock::system().new_id().simple());
        let mut connection = PgConnection::connect(&server).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut connection)
            .await
            .unwrap();
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        let store = Store::new(&StoreOptions {
            url: url.to_string(),
            application_name: "usciere-test".to_owned(),
            max_connections: 8,
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(30),
        })
        .unwrap();
        store.migrate().await.unwrap();
        let options = PgConnectOptions::from_str(url.as_str()).unwrap();
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect_with(options)
            .await
            .unwrap();
        Self {
            store,
            pool,
            server,
            name,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&server).await.unwrap();
                let drop = format!("drop database {name} with (force)");
                sqlx::query(AssertSqlSafe(drop))
                    .execute(&mut connection)
                    .await
                    .unwrap();
            });
        });
        dropped.join().unwrap();
    }
}

//! A database of its own for each test, on the services all tests of a process share.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use usciere::store::{Store, StoreOptions};

use crate::services::fresh;

pub(crate) struct TestDatabase {
    pub(crate) store: Store,
    /// For what only tests look at.
    pub(crate) pool: PgPool,
}

impl TestDatabase {
    /// Creates it and brings it up to date.
    pub(crate) async fn create() -> Self {
        let (url, _) = fresh().await;
        let store = store(url.as_str());
        store.migrate().await.unwrap();
        let options = PgConnectOptions::from_str(url.as_str()).unwrap();
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect_with(options)
            .await
            .unwrap();
        Self { store, pool }
    }
}

/// A store with connections of its own.
pub(crate) fn store(url: &str) -> Store {
    Store::new(&StoreOptions {
        url: url.to_owned(),
        application_name: "usciere-test".to_owned(),
        max_connections: 8,
        statement_timeout: Duration::from_secs(30),
        lock_timeout: Duration::from_secs(30),
    })
    .unwrap()
}

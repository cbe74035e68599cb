//! One set of real services for all tests of a process: private and temporary ones, or those of `DATABASE_URL` and
//! `AMQP_URL`. Nobody stops them: the guard does when the process ends, by a panic or an abort as well.

use std::env;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;
use url::Url;
use usciere::clock::Clock;
use usciere::dev::{DataFolder, Services, ServicesOptions, Supply};

static SERVICES: OnceCell<Services> = OnceCell::const_new();

/// Started by the first test that asks; they answer when this returns.
pub(crate) async fn services() -> &'static Services {
    let start = || async { Services::start(&options()).await };
    SERVICES
        .get_or_try_init(start)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A database and a virtual host of its own for a test: their addresses.
pub(crate) async fn fresh() -> (Url, Url) {
    let services = services().await;
    let name = format!("test_{}", Clock::system().new_id().simple());
    let mut database = services.database_url().clone();
    let mut server = PgConnection::connect(database.as_str()).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("create database {name}")))
        .execute(&mut server)
        .await
        .unwrap();
    database.set_path(&name);
    let mut broker = services.amqp_url().clone();
    create_virtual_host(
        services.management_url().expect("the private broker has one"),
        &name,
    );
    broker.set_path(&name);
    (database, broker)
}

fn create_virtual_host(management: &Url, name: &str) {
    let login = format!(
        "{}:{}",
        management.username(),
        management.password().unwrap_or_default()
    );
    let address = format!(
        "http://127.0.0.1:{}/api/vhosts/{name}",
        management.port().unwrap()
    );
    let login = format!("Basic {}", STANDARD.encode(login));
    ureq::put(address)
        .header("authorization", login)
        .send_empty()
        .unwrap();
}

fn options() -> ServicesOptions {
    ServicesOptions {
        folder: DataFolder::Temporary,
        postgres: supply("DATABASE_URL"),
        broker: supply("AMQP_URL"),
        guard: env!("CARGO_BIN_EXE_usciere").into(),
    }
}

fn supply(variable: &str) -> Supply {
    let Some(address) = env::var_os(variable).filter(|address| !address.is_empty()) else {
        return Supply::Private;
    };
    let address = address.to_str().and_then(|address| address.parse::<Url>().ok());
    Supply::Given(address.unwrap_or_else(|| panic!("{variable} is not an address")))
}

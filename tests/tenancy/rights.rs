//! What the roles may do, and how a database is set up by a login with few rights.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use url::Url;
use usciere::clock::Clock;
use usciere::config::Config;
use usciere::config::amqp::BrokerUrl;
use usciere::config::attachments::AttachmentsUrl;
use usciere::config::profile::Profile;
use usciere::domain::ids::RequestId;
use usciere::lifecycle::readiness::{Part, Readiness, Reason, Status};
use usciere::lifecycle::{GRACE, Shutdown};
use usciere::node::{Node, NodeOptions, Role};
use usciere::store::{Rights, Store, Viewer};
use usciere::telemetry::metrics::Exporter;
use uuid::Uuid;

use crate::database::{self, TestDatabase};
use crate::people::manager;
use crate::services::fresh;

async fn run(url: &Url, statement: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url.as_str()).await?;
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await?;
    connection.close().await
}

fn store(url: &Url) -> Store {
    database::store(url.as_str())
}

/// A new login, as which the address then connects.
async fn login(url: &Url) -> (String, Url) {
    let name = format!("login_{}", Clock::system().new_id().simple());
    run(url, format!("create role {name} login password 'secret'"))
        .await
        .unwrap();
    let mut address = url.clone();
    address.set_username(&name).unwrap();
    address.set_password(Some("secret")).unwrap();
    (name, address)
}

#[tokio::test]
async fn nodes_work_as_the_engine_whoever_logs_in() {
    let database = TestDatabase::create().await;
    let rights = Rights {
        as_engine: true,
        superuser: true,
        owner: true,
    };
    assert_eq!(database.store.rights().await.unwrap(), rights);
}

#[tokio::test]
async fn the_engine_cannot_change_what_happened_nor_any_table() {
    let database = TestDatabase::create().await;
    let mut connection = database.pool.acquire().await.unwrap();
    sqlx::query("set role usciere_engine")
        .execute(&mut *connection)
        .await
        .unwrap();
    for refused in [
        "update case_event set kind = 'x'",
        "delete from case_event",
        "delete from inbox",
        "update audit set actor = 'x'",
        "delete from audit",
        "truncate audit",
        "delete from audit_chain",
        "update audit_chain set hashes = '{}'",
        "delete from audit_default",
        "select drop_months('audit', interval '1 day')",
        "alter table cases disable row level security",
        "drop policy question on cases",
        "create table mine (x int)",
        "delete from _sqlx_migrations",
        "create role usciere_friend superuser",
    ] {
        let error = sqlx::query(refused).execute(&mut *connection).await.unwrap_err();
        let state = error.as_database_error().unwrap().code().unwrap().into_owned();
        assert_eq!(state, "42501", "{refused}: {error}");
    }
}

/// An owner that is no superuser and may create no roles: the roles are there, and it needs to be given the engine's.
#[tokio::test]
async fn an_owner_with_few_rights_is_told_what_it_lacks_and_is_bound_like_everybody() {
    // Makes the roles of this cluster.
    let _roles = TestDatabase::create().await;
    let (url, _) = fresh().await;
    let (name, address) = login(&url).await;
    let database = url.path().trim_start_matches('/');
    run(
        &url,
        format!("alter database {database} owner to {name}; alter schema public owner to {name}"),
    )
    .await
    .unwrap();
    let store = store(&address);
    let error = format!("{:?}", store.migrate().await.unwrap_err());
    assert!(error.contains("lacks the right to create or grant"), "{error}");
    assert!(
        error.contains(&format!("grant usciere_engine to {name}")),
        "{error}"
    );

    run(&url, format!("grant usciere_engine to {name}"))
        .await
        .unwrap();
    store.migrate().await.unwrap();
    store.close().await;
    let store = self::store(&address);
    let rights = Rights {
        as_engine: true,
        superuser: false,
        owner: true,
    };
    assert_eq!(store.rights().await.unwrap(), rights);
    store.create_partitions().await.unwrap();
    let nobody = RequestId(Uuid::nil());
    let mut question = store.ask(&Viewer::person(&manager())).await.unwrap();
    assert!(question.request(nobody).await.unwrap().is_none());
    assert_eq!(store.request(nobody).await.unwrap(), None);
}

/// A login for nodes alone, as docs/operations.md sets it up.
#[tokio::test]
async fn a_node_needs_no_more_than_the_engines_role() {
    let (url, _) = fresh().await;
    store(&url).migrate().await.unwrap();
    let (name, address) = login(&url).await;
    let mistaken = store(&address);
    assert!(!mistaken.rights().await.unwrap().as_engine);
    let refused = mistaken.request(RequestId(Uuid::nil())).await.unwrap_err();
    assert!(
        format!("{refused:?}").contains("permission denied"),
        "{refused:?}"
    );

    run(&url, format!("grant usciere_engine to {name}"))
        .await
        .unwrap();
    let node = store(&address);
    let rights = Rights {
        as_engine: true,
        superuser: false,
        owner: false,
    };
    assert_eq!(node.rights().await.unwrap(), rights);
    node.create_partitions().await.unwrap();
    node.begin_intake().await.unwrap().commit().await.unwrap();
    assert!(node.schema_status().await.unwrap().is_current());
}

/// A database whose tables belong to a login that has lost the engine's role: it could work, bound by nothing.
async fn unbound_owner() -> (Url, Url) {
    let (url, broker) = fresh().await;
    let (name, address) = login(&url).await;
    let database = url.path().trim_start_matches('/');
    run(
        &url,
        format!(
            "alter database {database} owner to {name}; alter schema public owner to {name}; \
             grant usciere_engine to {name}"
        ),
    )
    .await
    .unwrap();
    store(&address).migrate().await.unwrap();
    run(&url, format!("revoke usciere_engine from {name}"))
        .await
        .unwrap();
    (address, broker)
}

#[tokio::test]
async fn in_production_no_node_starts_that_would_not_be_bound() {
    let _roles = TestDatabase::create().await;
    let (address, broker) = unbound_owner().await;
    let folder = tempfile::tempdir().unwrap();
    let run = tokio::process::Command::new(env!("CARGO_BIN_EXE_usciere"))
        .args(["run", "--profile", "prod"])
        .env("USCIERE_DATABASE__URL", address.as_str())
        .env("USCIERE_AMQP__URL", broker.as_str())
        .env("USCIERE_SMTP__URL", "smtps://localhost")
        .env("USCIERE_HTTP__LISTEN", "127.0.0.1:0")
        .env(
            "USCIERE_ATTACHMENTS__URL",
            format!("file:{}", folder.path().display()),
        )
        .kill_on_drop(true)
        .output();
    let ended = tokio::time::timeout(Duration::from_mins(1), run)
        .await
        .unwrap()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(78), "{said}");
    assert!(
        said.contains("may not work as usciere_engine") && !said.contains("secret"),
        "{said}"
    );
}

#[tokio::test]
async fn in_development_it_is_said_loudly_instead() {
    let _roles = TestDatabase::create().await;
    let (address, broker) = unbound_owner().await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config {
        profile: Profile::Test,
        ..Config::default()
    };
    config.database.url = address.as_str().parse().unwrap();
    config.amqp.url = BrokerUrl(broker.to_string());
    config.http.listen = "127.0.0.1:0".parse().unwrap();
    config.attachments.url = AttachmentsUrl::Folder(folder.path().to_owned());
    let (shutdown, readiness) = (Shutdown::new(), Readiness::default());
    let options = NodeOptions {
        config: &config,
        roles: &[Role::Web],
        clock: Clock::system(),
        shutdown: &shutdown,
        readiness: readiness.clone(),
    };
    let _node = Node::start(options, Exporter::detached()).await.unwrap();
    assert_eq!(
        readiness.report().parts[&Part::DatabaseRights],
        Status::degraded(Reason::NotTheEngine)
    );
    shutdown.ask();
    shutdown.finished(GRACE).await;
}

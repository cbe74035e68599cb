//! P1 to P3 and P5 to P7: PostgreSQL goes away, is stood in for, refuses, or lets somebody else hold what the engine
//! needs.

use std::time::Duration;

use nix::sys::signal::Signal;
use sqlx::{Connection as _, PgConnection};

use crate::engine::{Engine, Orders};
use crate::service::standby::NAME;
use crate::trial::Trial;
use crate::world::World;

const CONVERSATIONS: usize = 12;
const MANY: u64 = 400;
/// How long somebody else keeps a lock.
const COFFEE: Duration = Duration::from_secs(5);

pub(crate) async fn stopped_at_once_under_load(world: &mut World) -> String {
    let (trial, mut engine) = begun(world, 31, &Orders::default()).await;
    let mut longest = Duration::ZERO;
    for signal in [Signal::SIGQUIT, Signal::SIGKILL, Signal::SIGINT] {
        world.database.die(signal).await;
        world.database.up().await;
        longest = longest.max(trial.goes_on(world, 1).await);
        trial.goes_on(world, 20).await;
    }
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("deliveries again at most {longest:.1?} after the database answered; {verdict:?}")
}

pub(crate) async fn transactions_that_lose(world: &mut World) -> String {
    let (trial, mut engine) = begun(world, 33, &Orders::default()).await;
    // Longer than any number of tries at once.
    for state in ["40001", "40P01"] {
        let met = world.refuse(state, 40).await;
        trial.goes_on(world, 30).await;
        assert!(met(world).await >= 40);
        world.refuse_nothing().await;
    }
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("80 transactions lost; {verdict:?}")
}

/// The primary is gone with its machine and the standby stands in: at first it may not be written to.
pub(crate) async fn a_standby_takes_over(world: &mut World) -> String {
    let (trial, mut engine) = begun(world, 37, &Orders::default()).await;
    let mut standby = world.database.standby().await;
    let confirms = format!("alter system set synchronous_standby_names = '{NAME}'");
    world.execute(&confirms).await;
    world.execute("select pg_reload_conf()").await;
    let confirming = "select count(*) from pg_stat_replication where sync_state = 'sync'";
    world
        .until("the standby confirms what is committed", async |world| {
            world.count(confirming).await == 1
        })
        .await;
    trial.goes_on(world, 50).await;
    world.database.die(Signal::SIGKILL).await;
    standby.takes_the_place_of(&mut world.database);
    world.database = standby;
    let read_only = "in a read-only transaction";
    world
        .until("the engine meets a database it may only read", async |world| {
            world.database.log().contains(read_only) && engine.log().contains("\"ReadOnly\"")
        })
        .await;
    world.execute("select pg_promote()").await;
    let resumed = trial.goes_on(world, 1).await;
    trial.goes_on(world, 50).await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("deliveries again {resumed:.1?} after the standby was promoted; {verdict:?}")
}

pub(crate) async fn no_connection_left(world: &mut World) -> String {
    let (trial, mut engine) = begun(world, 35, &Orders::default()).await;
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'usciere%'";
    let mut greedy = Vec::new();
    while let Ok(connection) = PgConnection::connect(world.database.url().as_str()).await {
        greedy.push(connection);
        if greedy.len() % 50 == 0 {
            let first: &mut PgConnection = &mut greedy[0];
            sqlx::query(cut).execute(first).await.unwrap();
        }
    }
    sqlx::query(cut).execute(&mut greedy[0]).await.unwrap();
    while let Ok(connection) = PgConnection::connect(world.database.url().as_str()).await {
        greedy.push(connection);
    }
    let before = trial.deliveries();
    let waits = |log: &str| log.contains("intake waits");
    world
        .until("the engine goes without", async |_| waits(&engine.log()))
        .await;
    drop(greedy);
    let resumed = trial.goes_on(world, 1).await;
    assert!(trial.deliveries() > before);
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("deliveries again {resumed:.1?} after connections were free; {verdict:?}")
}

/// Somebody opened a transaction, locked what the engine needs, and went for a coffee.
pub(crate) async fn a_lock_in_other_hands(world: &mut World) -> String {
    let orders = Orders {
        settings: vec![("USCIERE_DATABASE__LOCK_TIMEOUT", "200ms".to_owned())],
        ..Orders::default()
    };
    let (trial, mut engine) = begun(world, 36, &orders).await;
    let mut somebody = world.connection().await;
    let mut transaction = somebody.begin().await.unwrap();
    sqlx::raw_sql("lock table cases in exclusive mode; lock table protocol_register in exclusive mode")
        .execute(&mut *transaction)
        .await
        .unwrap();
    world
        .until("the engine waits for the lock", async |_| {
            engine.log().contains("a lock is in other hands")
        })
        .await;
    let pid = sqlx::query_scalar::<_, i32>("select pg_backend_pid()")
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    let named = format!("\"database.pid\":{pid}");
    world
        .until("the log says in whose hands", async |_| {
            engine.log().contains(&named)
        })
        .await;
    // Longer than any number of tries at once.
    tokio::time::sleep(COFFEE).await;
    transaction.rollback().await.unwrap();
    let resumed = trial.goes_on(world, 1).await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("deliveries again {resumed:.1?} after the lock was free; {verdict:?}")
}

/// Somebody's report reads for hours: every message sent meanwhile leaves a dead row behind that nothing may remove.
pub(crate) async fn a_long_foreign_transaction(world: &mut World) -> String {
    let (trial, mut engine) = begun(world, 38, &Orders::default()).await;
    let before = trial.goes_on(world, MANY).await;
    let mut somebody = world.connection().await;
    let mut transaction = somebody.begin().await.unwrap();
    sqlx::raw_sql("set transaction isolation level repeatable read; select count(*) from cases")
        .execute(&mut *transaction)
        .await
        .unwrap();
    trial.goes_on(world, MANY).await;
    let meanwhile = trial.goes_on(world, MANY).await;
    let size = world.count("select pg_table_size('outbox')").await;
    let unsent = world.count("select count(*) from outbox").await;
    assert!(unsent < i64::try_from(MANY).unwrap(), "{unsent} wait");
    transaction.rollback().await.unwrap();
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!(
        "{MANY} deliveries in {before:.1?} before, in {meanwhile:.1?} behind it, {size} bytes of outbox; {verdict:?}"
    )
}

async fn begun(world: &World, seed: u64, orders: &Orders) -> (Trial, Engine) {
    let trial = Trial::start(world, seed, CONVERSATIONS);
    let mut engine = Engine::new(world, "a").await;
    engine.start(world, orders);
    trial.goes_on(world, 50).await;
    (trial, engine)
}

impl World {
    /// Lets the database answer the next writes to the inbox with an SQLSTATE; tells how often it did.
    pub(super) async fn refuse(&self, state: &str, times: i64) -> impl AsyncFn(&Self) -> i64 + use<> {
        let statements = format!(
            "create sequence chaos_refused; \
             grant usage on sequence chaos_refused to public; \
             create function chaos_refuse() returns trigger language plpgsql as $$ begin \
               if nextval('chaos_refused') <= {times} then raise exception 'chaos' using errcode = '{state}'; end if; \
               return new; end $$; \
             create trigger chaos_refuse before insert on inbox for each row execute function chaos_refuse()"
        );
        self.execute(&statements).await;
        async |world: &Self| world.count("select last_value from chaos_refused").await
    }

    pub(super) async fn refuse_nothing(&self) {
        self.execute(
            "drop trigger chaos_refuse on inbox; drop function chaos_refuse; drop sequence chaos_refused",
        )
        .await;
    }
}

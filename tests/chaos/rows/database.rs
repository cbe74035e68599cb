//! P1 and P3 to P6: PostgreSQL goes away, refuses, is full, or lets somebody else hold what the engine needs.

use std::time::Duration;

use nix::sys::signal::Signal;
use sqlx::{Connection as _, PgConnection};

use crate::engine::{Engine, Orders};
use crate::trial::Trial;
use crate::world::World;

const CONVERSATIONS: usize = 12;
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

/// A server that says its disk is full, for as long as that takes: nothing is acknowledged, everything comes later.
pub(crate) async fn a_full_disk(world: &mut World) -> String {
    let (trial, mut engine) = begun(world, 34, &Orders::default()).await;
    let met = world.refuse("53100", i64::MAX).await;
    world
        .until("the engine meets it", async |world| met(world).await >= 3)
        .await;
    world.refuse_nothing().await;
    let resumed = trial.goes_on(world, 1).await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("deliveries again {resumed:.1?} after there was room; {verdict:?}")
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
    // Longer than any number of tries at once.
    tokio::time::sleep(COFFEE).await;
    transaction.rollback().await.unwrap();
    let resumed = trial.goes_on(world, 1).await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("deliveries again {resumed:.1?} after the lock was free; {verdict:?}")
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
    async fn refuse(&self, state: &str, times: i64) -> impl AsyncFn(&Self) -> i64 + use<> {
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

    async fn refuse_nothing(&self) {
        self.execute(
            "drop trigger chaos_refuse on inbox; drop function chaos_refuse; drop sequence chaos_refused",
        )
        .await;
    }
}

//! B1 to B4 and B10: RabbitMQ goes away, falls silent, is in alarm, or forbids something.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nix::sys::signal::Signal;
use serde_json::json;

use crate::engine::{Engine, Orders};
use crate::trial::Trial;
use crate::world::{PATIENCE, World};

const CONVERSATIONS: usize = 12;

pub(crate) async fn stopped_and_started_under_load(world: &mut World) -> String {
    let begun = begun(world, 21).await;
    world.broker.down().await;
    comes_back(world, begun).await
}

pub(crate) async fn killed_under_load(world: &mut World) -> String {
    let begun = begun(world, 22).await;
    world.broker.die(Signal::SIGKILL).await;
    comes_back(world, begun).await
}

async fn comes_back(world: &mut World, (trial, mut engine): (Trial, Engine)) -> String {
    world.broker.up().await;
    let resumed = trial.goes_on(world, 1).await;
    trial.goes_on(world, 50).await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("deliveries again {resumed:.1?} after the broker answered; {verdict:?}")
}

/// The memory alarm stops publishers. What was in the intake is still taken in, and leaves when the alarm ends.
pub(crate) async fn in_alarm(world: &mut World) -> String {
    let (trial, mut engine) = begun(world, 23).await;
    engine.signal(Signal::SIGSTOP);
    let waiting = async |world: &World| world.depth("usciere.intake");
    world
        .until("commands wait", async |world| waiting(world).await >= 5)
        .await;
    world.alarm(true).await;
    engine.signal(Signal::SIGCONT);
    let unsent = "select count(*) from outbox";
    world
        .until("intake goes on", async |world| {
            waiting(world).await == 0 && world.count(unsent).await >= 5
        })
        .await;
    let grown = world.count(unsent).await;
    let before = trial.deliveries();
    world.alarm(false).await;
    let drained = world
        .until("the outbox drains", async |_| trial.deliveries() > before)
        .await;
    trial.goes_on(world, 50).await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("{grown} messages waited in the outbox, leaving {drained:.1?} after the alarm; {verdict:?}")
}

/// Nothing passes and nothing is closed: only the heartbeats tell.
pub(crate) async fn silent(world: &mut World) -> String {
    let (trial, mut engine) = begun(world, 24).await;
    let noticed = |log: &str| log.matches("consuming broke off").count();
    let before = noticed(&engine.log());
    engine.broker.hold();
    let detected = world
        .until("the silence is noticed", async |_| {
            noticed(&engine.log()) > before
        })
        .await;
    engine.broker.mend();
    let resumed = trial.goes_on(world, 1).await;
    trial.goes_on(world, 50).await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("noticed after {detected:.1?} (heartbeat 2 s), deliveries again {resumed:.1?} later; {verdict:?}")
}

/// The channel that publishes is closed with 403; nothing else notices, and what waited leaves when it may.
pub(crate) async fn a_permission_is_revoked(world: &mut World) -> String {
    let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
    let no_sedi = json!({"configure": ".*", "write": "^usciere\\.(events|commands|intake.*|unroutable)$", "read": ".*"});
    world.manage(
        "users/engine",
        &json!({"password": "engine", "tags": "administrator"}),
    );
    world.manage("permissions/%2f/engine", &all);
    let trial = Trial::start(world, 30, CONVERSATIONS);
    let mut engine = Engine::new(world, "a").await;
    let mut url = world.broker.url();
    url.set_port(Some(engine.broker.port)).unwrap();
    url.set_username("engine").unwrap();
    url.set_password(Some("engine")).unwrap();
    let orders = Orders {
        settings: vec![("USCIERE_AMQP__URL", url.to_string())],
        ..Orders::default()
    };
    engine.start(world, &orders);
    trial.goes_on(world, 50).await;
    world.manage("permissions/%2f/engine", &no_sedi);
    let waiting = "select count(*) from outbox where destination like 'sede.%'";
    world
        .until("messages for sedi wait", async |world| {
            world.count(waiting).await >= 5
        })
        .await;
    // Portals are still told.
    trial.goes_on(world, 20).await;
    world.manage("permissions/%2f/engine", &all);
    // Sedi backed off; conversations need them not, so they may end before.
    world
        .until("messages for sedi leave again", async |world| {
            world.count(waiting).await == 0
        })
        .await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("{verdict:?}")
}

/// RabbitMQ 3.10 that is killed just after a quorum queue was deleted and declared again may answer 541 for good: the
/// engine says so, tries on and goes on with everything else.
pub(crate) async fn a_queue_that_is_down(world: &mut World) -> String {
    let mut engine = Engine::new(world, "a").await;
    engine.start(world, &Orders::default());
    let consuming = |log: &str| log.matches("\"message\":\"consuming\"").count();
    let broken = |log: &str| log.matches("consuming broke off").count();
    world
        .until("both queues are consumed", async |_| {
            consuming(&engine.log()) >= 2
        })
        .await;
    let (address, login) = world.management("queues/%2f/usciere.intake");
    ureq::delete(address)
        .header("authorization", login)
        .call()
        .unwrap();
    let before = consuming(&engine.log());
    world
        .until("the queue is declared again", async |_| {
            consuming(&engine.log()) > before
        })
        .await;
    world.broker.die(Signal::SIGKILL).await;
    let (up, down) = (consuming(&engine.log()), broken(&engine.log()));
    world.broker.up().await;
    world
        .until("it is consumed, or refused again and again", async |_| {
            let log = engine.log();
            consuming(&log) >= up + 2 || broken(&log) >= down + 4
        })
        .await;
    let log = engine.log();
    let refusals = log.matches("INTERNAL_ERROR").count() + log.matches("INTERNAL-ERROR").count();
    assert!(
        engine.ended(std::time::Duration::from_millis(1)).await.is_none(),
        "the engine goes on"
    );
    engine.signal(Signal::SIGTERM);
    let status = engine.ended(PATIENCE).await;
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    format!(
        "{} times consumed, {} times broken off, {refusals} times 541",
        consuming(&log) - up,
        broken(&log) - down
    )
}

async fn begun(world: &World, seed: u64) -> (Trial, Engine) {
    let trial = Trial::start(world, seed, CONVERSATIONS);
    let mut engine = Engine::new(world, "a").await;
    engine.start(world, &Orders::default());
    trial.goes_on(world, 50).await;
    (trial, engine)
}

impl World {
    /// `PUT` to the broker's management API.
    fn manage(&self, path: &str, body: &serde_json::Value) {
        let (address, login) = self.management(path);
        ureq::put(address)
            .header("authorization", login)
            .send_json(body)
            .unwrap();
    }

    /// Messages nobody has taken, by the management API: it knows about them with some seconds' delay.
    fn depth(&self, queue: &str) -> u64 {
        let (address, login) = self.management(&format!("queues/%2f/{queue}"));
        let mut answer = ureq::get(address).header("authorization", login).call().unwrap();
        let queue: serde_json::Value = answer.body_mut().read_json().unwrap();
        queue["messages"].as_u64().unwrap_or(0)
    }

    fn management(&self, path: &str) -> (String, String) {
        let url = self.broker.management_url();
        let login = format!("{}:{}", url.username(), url.password().unwrap_or_default());
        let address = format!("http://127.0.0.1:{}/api/{path}", url.port().unwrap());
        (address, format!("Basic {}", STANDARD.encode(login)))
    }

    async fn alarm(&self, on: bool) {
        let watermark = if on { "0.000001" } else { "0.6" };
        let output = self
            .broker
            .control(&["set_vm_memory_high_watermark", watermark])
            .await;
        assert!(output.status.success(), "{output:?}");
    }
}

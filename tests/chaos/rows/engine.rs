//! K1 to K9: the engine dies, stops or is asked to end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::engine::{Engine, Orders};
use crate::proxy::Swallow;
use crate::trial::Trial;
use crate::world::{PATIENCE, World};

const CONVERSATIONS: usize = 12;
/// Short, so that a row does not wait long for a take-over.
const LEASE: (&str, &str) = ("USCIERE_RELAY__LEASE", "3s");

fn soon() -> Orders {
    Orders {
        settings: vec![(LEASE.0, LEASE.1.to_owned())],
        ..Orders::default()
    }
}

pub(crate) async fn killed_before_reading(world: &mut World) -> String {
    dies_at(world, 11, "delivered@20").await
}

pub(crate) async fn killed_inside_the_transaction(world: &mut World) -> String {
    dies_at(world, 12, "in_transaction@5").await
}

pub(crate) async fn killed_before_the_acknowledgement(world: &mut World) -> String {
    dies_at(world, 14, "committed@5").await
}

pub(crate) async fn killed_before_the_confirm(world: &mut World) -> String {
    dies_at(world, 15, "published@20").await
}

pub(crate) async fn killed_before_the_mark(world: &mut World) -> String {
    dies_at(world, 16, "confirmed@5").await
}

/// Ids are drawn from the seed: every row has its own, for all share one inbox.
/// Three nodes of one name, one after the other: two die at the point, the third ends the work.
async fn dies_at(world: &mut World, seed: u64, point: &str) -> String {
    let trial = Trial::start(world, seed, CONVERSATIONS);
    let mut engine = Engine::new(world, "a").await;
    for _ in 0..2 {
        let orders = Orders {
            fail_point: Some(point.to_owned()),
            ..Orders::default()
        };
        engine.start(world, &orders);
        engine.killed_itself().await;
    }
    engine.start(world, &Orders::default());
    trial.goes_on(world, 50).await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("{verdict:?}")
}

pub(crate) async fn the_answer_to_the_commit_is_lost(world: &mut World) -> String {
    let trial = Trial::start(world, 13, CONVERSATIONS);
    let mut engine = Engine::new(world, "a").await;
    engine.start(world, &Orders::default());
    trial.goes_on(world, 20).await;
    engine.database.swallow_answers_to(b"COMMIT\0", Swallow::Cut);
    world
        .until("commits go unanswered", async |_| {
            engine.database.swallowed() >= 3
        })
        .await;
    engine.database.mend();
    trial.goes_on(world, 20).await;
    // And the same, with the node dying while it waits.
    let before = engine.database.swallowed();
    engine.database.swallow_answers_to(b"COMMIT\0", Swallow::Hold);
    world
        .until("a commit goes unanswered", async |_| {
            engine.database.swallowed() > before
        })
        .await;
    engine.kill().await;
    engine.database.mend();
    engine.start(world, &Orders::default());
    trial.goes_on(world, 20).await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("{verdict:?}")
}

/// After the server took the mail and before that is noted; and while the server's answer is waited for. Either way
/// nobody knows, and the mail comes again under the Message-ID it had.
pub(crate) async fn killed_over_a_mail(world: &mut World) -> String {
    let trial = Trial::start(world, 17, 4);
    let mut engine = Engine::new(world, "a").await;
    let orders = Orders {
        fail_point: Some("mail_accepted@1".to_owned()),
        ..Orders::default()
    };
    engine.start(world, &orders);
    engine.killed_itself().await;

    world.smtp_stalls.store(true, Ordering::SeqCst);
    let mails = world.smtp.seen().mails.len();
    engine.start(world, &Orders::default());
    // The one the first life ended over, and another.
    world.smtp.until(|seen| seen.mails.len() > mails + 1).await;
    engine.kill().await;
    world.smtp_stalls.store(false, Ordering::SeqCst);

    let held = "select count(*) from mail_outbox where state = 'sending' and node = 'a'";
    assert!(world.count(held).await >= 2, "nobody knows what became of them");
    // Their leases last 65 s; another node takes them over as soon as this one counts as dead.
    let mut other = Engine::new(world, "b").await;
    other.start(world, &soon());
    let taken_over = world
        .until("the other takes them over", async |world| {
            world.count(held).await == 0
        })
        .await;
    trial.pause();
    let retried = "update mail_outbox set next_try_at = now() where state = 'unknown'";
    world
        .until("every mail is out", async |world| {
            world.execute(retried).await;
            let open = "select count(*) from mail_outbox where state <> 'sent'";
            world.count(open).await == 0
        })
        .await;
    let verdict = trial.passes(world).await;
    assert!(verdict.repeated >= 2, "{verdict:?}");
    other.kill().await;
    format!("taken over after {taken_over:.1?} (lease 3 s); {verdict:?}")
}

pub(crate) async fn a_stopped_node_is_fenced_off(world: &mut World) -> String {
    let orders = soon();
    let trial = Trial::start(world, 18, CONVERSATIONS);
    let (mut zombie, mut other) = (Engine::new(world, "a").await, Engine::new(world, "b").await);
    zombie.start(world, &orders);
    other.start(world, &orders);
    let shared =
        "select count(*) from (select node from relay_lease where until > now() group by node) as nodes";
    world
        .until("both hold buckets", async |world| world.count(shared).await == 2)
        .await;
    trial.goes_on(world, 50).await;
    let fences = "select sum(fence)::bigint from relay_lease";
    let before = world.count(fences).await;
    zombie.signal(Signal::SIGSTOP);
    let all = "select count(*) from relay_lease where node = 'b' and until > now()";
    let buckets = world.count("select count(*) from relay_lease").await;
    let taken_over = world
        .until("the other takes over", async |world| {
            world.count(all).await == buckets
        })
        .await;
    trial.goes_on(world, 50).await;
    zombie.signal(Signal::SIGCONT);
    trial.goes_on(world, 50).await;
    assert!(world.count(fences).await > before);
    let verdict = trial.passes(world).await;
    zombie.kill().await;
    other.kill().await;
    format!("buckets taken over after {taken_over:.1?} (lease 3 s); {verdict:?}")
}

pub(crate) async fn a_graceful_stop_leaves_nothing_to_repeat(world: &mut World) -> String {
    let trial = Trial::start(world, 19, CONVERSATIONS);
    let mut engine = Engine::new(world, "a").await;
    let mut longest = Duration::ZERO;
    for _ in 0..3 {
        engine.start(world, &Orders::default());
        trial.goes_on(world, 50).await;
        engine.signal(Signal::SIGTERM);
        let since = tokio::time::Instant::now();
        let status = engine.ended(PATIENCE).await;
        assert!(status.is_some_and(|status| status.success()), "{status:?}");
        longest = longest.max(since.elapsed());
    }
    engine.start(world, &Orders::default());
    let verdict = trial.passes(world).await;
    assert_eq!(
        verdict.repeated, 0,
        "what was committed was acknowledged: {verdict:?}"
    );
    engine.kill().await;
    format!("stopped within {longest:.1?}; {verdict:?}")
}

//! Mail beside everything else: trouble with its server holds up nothing.

use std::sync::atomic::Ordering;

use crate::engine::{Engine, Orders};
use crate::trial::Trial;
use crate::world::World;

const CONVERSATIONS: usize = 12;
const DELIVERIES: u64 = 150;

/// The server takes mails and says nothing, on every connection there may be; messages go on as before.
pub(crate) async fn a_mail_server_that_stalls_holds_up_nothing(world: &mut World) -> String {
    let trial = Trial::start(world, 41, CONVERSATIONS);
    let mut engine = Engine::new(world, "a").await;
    let orders = Orders {
        settings: vec![("USCIERE_SMTP__CONCURRENCY", "4".to_owned())],
        ..Orders::default()
    };
    engine.start(world, &orders);
    trial.goes_on(world, 50).await;
    let before = trial.goes_on(world, DELIVERIES).await;
    world.smtp_stalls.store(true, Ordering::SeqCst);
    let held = "select count(*) from mail_outbox where state = 'sending'";
    world
        .until("every connection to the mail server is stuck", async |world| {
            world.count(held).await == 4
        })
        .await;
    let meanwhile = trial.goes_on(world, DELIVERIES).await;
    let waiting = world
        .count("select count(*) from mail_outbox where state <> 'sent'")
        .await;
    assert!(waiting >= 4, "the server took none meanwhile: {waiting} wait");
    world.smtp_stalls.store(false, Ordering::SeqCst);
    trial.pause();
    world
        .until("every mail is out", async |world| {
            world
                .execute("update mail_outbox set next_try_at = now() where state in ('queued', 'unknown')")
                .await;
            world
                .count("select count(*) from mail_outbox where state <> 'sent'")
                .await
                == 0
        })
        .await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!(
        "{DELIVERIES} deliveries in {before:.1?} before and {meanwhile:.1?} meanwhile, {waiting} mails waiting; {verdict:?}"
    )
}

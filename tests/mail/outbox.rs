//! The mail outbox on a real database: queued once, taken by one, settled by who holds it.

use std::collections::BTreeSet;
use std::time::Duration;

use usciere::domain::event::MailKind;
use usciere::domain::ids::RequestId;
use usciere::store::{
    ClaimedMail, MailEnd, MailFilter, MailId, MailState, MailSummary, NewMail, Store, UnknownOutcome,
};
use uuid::Uuid;

use super::database::TestDatabase;
use super::{new_mail, node, params};

pub(super) const LEASE: Duration = Duration::from_mins(1);
pub(super) const TWO_DAYS: Duration = Duration::from_hours(48);
pub(super) const MINUTE: Duration = Duration::from_mins(1);

pub(super) async fn claim(store: &Store, name: &str, lease: Duration) -> Vec<ClaimedMail> {
    store
        .claim_mails(&node(name), 100, lease, UnknownOutcome::Repeat, TWO_DAYS)
        .await
        .unwrap()
}

pub(super) async fn finish(store: &Store, mail: &ClaimedMail, end: &MailEnd) -> bool {
    store
        .mail_finished(mail, end, UnknownOutcome::Repeat, TWO_DAYS)
        .await
        .unwrap()
}

pub(super) async fn all(store: &Store) -> Vec<MailSummary> {
    store
        .list_mails(&MailFilter {
            limit: 1_000,
            ..MailFilter::default()
        })
        .await
        .unwrap()
}

pub(super) fn error() -> String {
    "450 later".to_owned()
}

#[tokio::test]
async fn an_event_mails_each_recipient_once() {
    let TestDatabase { ref store, .. } = TestDatabase::create().await;
    let mail = new_mail(1);
    store.queue_mails(&[mail.clone(), new_mail(2)]).await.unwrap();
    store.queue_mails(&[new_mail(3), mail.clone()]).await.unwrap();
    let mut shouted = mail.to.clone();
    shouted.address.0.make_ascii_uppercase();
    let again = NewMail::new(mail.request, 1, MailKind::Reply, &shouted, params());
    let next = NewMail::new(mail.request, 2, MailKind::Reply, &mail.to, params());
    store.queue_mails(&[again, next]).await.unwrap();
    let requests: Vec<u128> = all(store)
        .await
        .iter()
        .map(|mail| mail.request_id.unwrap().0.as_u128())
        .collect();
    assert_eq!(
        requests,
        [1, 3, 2, 1],
        "the same address in capitals is the same recipient"
    );
}

#[tokio::test]
async fn nodes_that_claim_at_once_share_the_mails() {
    let database = TestDatabase::create().await;
    let mails: Vec<NewMail> = (1..=100).map(new_mail).collect();
    database.store.queue_mails(&mails).await.unwrap();
    let claims = ["a", "b", "c", "d"].map(|name| {
        let store = database.store.clone();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            loop {
                let claimed = store
                    .claim_mails(&node(name), 7, LEASE, UnknownOutcome::Repeat, TWO_DAYS)
                    .await
                    .unwrap();
                if claimed.is_empty() {
                    return taken;
                }
                taken.extend(claimed.iter().map(|mail| mail.id));
            }
        })
    });
    let taken: Vec<MailId> = futures::future::join_all(claims)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    assert_eq!(taken.len(), 100);
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), 100);
}

#[tokio::test]
async fn mails_are_taken_oldest_first() {
    let TestDatabase { ref store, .. } = TestDatabase::create().await;
    for number in 1..=3 {
        store.queue_mails(&[new_mail(number)]).await.unwrap();
    }
    for number in 1..=3 {
        let claimed = store
            .claim_mails(&node("a"), 1, LEASE, UnknownOutcome::Repeat, TWO_DAYS)
            .await
            .unwrap();
        assert_eq!(claimed[0].request, Some(RequestId(Uuid::from_u128(number))));
    }
}

#[tokio::test]
async fn a_mail_whose_node_died_is_taken_over_and_the_dead_has_no_say() {
    let TestDatabase { ref store, .. } = TestDatabase::create().await;
    store.queue_mails(&[new_mail(1)]).await.unwrap();
    let dead = claim(store, "a", Duration::ZERO).await.remove(0);
    let alive = claim(store, "b", LEASE).await.remove(0);
    assert_eq!((dead.attempt, alive.attempt), (1, 2));
    assert_eq!(dead.message_id, alive.message_id);
    assert!(!finish(store, &dead, &MailEnd::Sent).await, "the lease is lost");
    assert_eq!(all(store).await[0].state, MailState::Sending);
    assert!(finish(store, &alive, &MailEnd::Sent).await);
    assert!(
        !finish(store, &alive, &MailEnd::Failed { error: error() }).await,
        "settled is settled"
    );
    assert_eq!(all(store).await[0].state, MailState::Sent);
}

#[tokio::test]
async fn a_node_that_is_back_leaves_what_it_died_over_to_whoever_comes() {
    let TestDatabase { ref store, .. } = TestDatabase::create().await;
    store.queue_mails(&[new_mail(1), new_mail(2)]).await.unwrap();
    let dead = claim(store, "a", LEASE).await.remove(0);
    assert_eq!(store.free_mails(&node("b")).await.unwrap(), 0, "not another's");
    assert!(claim(store, "b", LEASE).await.is_empty(), "still leased");
    assert_eq!(store.free_mails(&node("a")).await.unwrap(), 2);
    assert!(
        !finish(store, &dead, &MailEnd::Sent).await,
        "whatever it still says"
    );
    let taken = claim(store, "b", LEASE).await;
    assert_eq!(taken.len(), 2);
    assert!(taken.iter().all(|mail| mail.attempt == 2), "the tries count");
}

/// As if these nodes had given their last sign of life a minute ago.
async fn fall_silent(database: &TestDatabase, names: &[&str]) {
    sqlx::query("update node set seen_at = seen_at - interval '1 minute' where name = any($1)")
        .bind(names)
        .execute(&database.pool)
        .await
        .unwrap();
}

/// As if what is in hand had been taken a minute ago.
async fn taken_a_minute_ago(database: &TestDatabase) {
    sqlx::query("update mail_outbox set taken_at = taken_at - interval '1 minute'")
        .execute(&database.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_a_dead_node_had_in_its_hands_waits_for_no_lease() {
    const SILENCE: Duration = Duration::from_secs(10);
    const HOUR: Duration = Duration::from_hours(1);
    let database = TestDatabase::create().await;
    let store = &database.store;
    let freed = async || store.free_from_the_dead(SILENCE).await.unwrap().mails;
    for (number, name) in [(1, "dead"), (2, "alive"), (3, "dead-too")] {
        store.sign_of_life(&node(name), &["mailer"]).await.unwrap();
        store.queue_mails(&[new_mail(number)]).await.unwrap();
        assert_eq!(claim(store, name, HOUR).await.len(), 1);
    }
    taken_a_minute_ago(&database).await;
    assert_eq!(freed().await, 0, "all three give signs of life");

    fall_silent(&database, &["dead", "dead-too"]).await;
    store.queue_mails(&[new_mail(4)]).await.unwrap();
    let dead = claim(store, "dead", HOUR).await.remove(0);
    assert_eq!(
        freed().await,
        2,
        "what it took a moment ago it may yet be sending"
    );
    taken_a_minute_ago(&database).await;
    assert_eq!(freed().await, 1);
    assert_eq!(freed().await, 0, "freed is freed");

    assert!(
        !finish(store, &dead, &MailEnd::Sent).await,
        "it was only stopped, and has no say"
    );
    let taken = claim(store, "alive", HOUR).await;
    assert_eq!(taken.len(), 3);
    let again = taken.iter().find(|mail| mail.id == dead.id).unwrap();
    assert_eq!(again.message_id, dead.message_id);
    assert!(finish(store, again, &MailEnd::Sent).await);
    assert!(!finish(store, &dead, &MailEnd::Failed { error: error() }).await);
}

#[tokio::test]
async fn where_twice_is_worse_than_not_at_all_a_lost_mail_is_left_to_people() {
    let TestDatabase { ref store, .. } = TestDatabase::create().await;
    store.queue_mails(&[new_mail(1)]).await.unwrap();
    let leave = UnknownOutcome::Leave;
    store
        .claim_mails(&node("a"), 1, Duration::ZERO, leave, TWO_DAYS)
        .await
        .unwrap();
    assert_eq!(
        store
            .claim_mails(&node("b"), 1, LEASE, leave, TWO_DAYS)
            .await
            .unwrap(),
        []
    );
    let mail = &all(store).await[0];
    assert_eq!((mail.state, mail.next_try_at), (MailState::Unknown, None));

    store.queue_mails(&[new_mail(2)]).await.unwrap();
    let claimed = store
        .claim_mails(&node("b"), 1, LEASE, leave, TWO_DAYS)
        .await
        .unwrap();
    let end = MailEnd::Unknown {
        after: Duration::ZERO,
        error: error(),
    };
    assert!(
        store
            .mail_finished(&claimed[0], &end, leave, TWO_DAYS)
            .await
            .unwrap()
    );
    let mail = &all(store).await[0];
    assert_eq!((mail.state, mail.next_try_at), (MailState::Unknown, None));
}

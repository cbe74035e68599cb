//! The mail outbox on a real database: queued once, taken by one, settled by who holds it.

use std::collections::BTreeSet;
use std::time::Duration;

use usciere::domain::event::MailKind;
use usciere::domain::ids::RequestId;
use usciere::store::{
    ClaimedMail, MailEnd, MailFilter, MailId, MailRetry, MailState, MailSummary, NewMail, Store,
    UnknownOutcome,
};
use uuid::Uuid;

use super::database::TestDatabase;
use super::{new_mail, node, params};

const LEASE: Duration = Duration::from_mins(1);
const TWO_DAYS: Duration = Duration::from_hours(48);
const MINUTE: Duration = Duration::from_mins(1);

async fn claim(store: &Store, name: &str, lease: Duration) -> Vec<ClaimedMail> {
    store
        .claim_mails(&node(name), 100, lease, UnknownOutcome::Repeat, TWO_DAYS)
        .await
        .unwrap()
}

async fn finish(store: &Store, mail: &ClaimedMail, end: &MailEnd) -> bool {
    store
        .mail_finished(mail, end, UnknownOutcome::Repeat, TWO_DAYS)
        .await
        .unwrap()
}

async fn all(store: &Store) -> Vec<MailSummary> {
    store
        .list_mails(&MailFilter {
            limit: 1_000,
            ..MailFilter::default()
        })
        .await
        .unwrap()
}

fn error() -> String {
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

/// Ends after which a mail waits, what it then is, and the tries that count.
fn waits(after: Duration) -> [(MailEnd, MailState, u32); 3] {
    [
        (
            MailEnd::Retry {
                after,
                error: error(),
            },
            MailState::Queued,
            1,
        ),
        (
            MailEnd::Untried {
                after,
                error: error(),
            },
            MailState::Queued,
            0,
        ),
        (
            MailEnd::Unknown {
                after,
                error: error(),
            },
            MailState::Unknown,
            1,
        ),
    ]
}

#[tokio::test]
async fn a_mail_waits_for_its_next_try() {
    let TestDatabase { ref store, .. } = TestDatabase::create().await;
    for (number, (end, state, attempts)) in (1..).zip(waits(MINUTE)) {
        store.queue_mails(&[new_mail(number)]).await.unwrap();
        let mail = claim(store, "a", LEASE).await.remove(0);
        assert!(finish(store, &mail, &end).await);
        let mail = &all(store).await[0];
        assert_eq!(
            (mail.state, mail.attempts, mail.last_error.as_deref()),
            (state, attempts, Some("450 later"))
        );
        assert_eq!(claim(store, "a", LEASE).await, []);
    }
}

#[tokio::test]
async fn a_mail_is_taken_again_when_its_wait_is_over() {
    let TestDatabase { ref store, .. } = TestDatabase::create().await;
    for (number, (end, _, attempts)) in (1..).zip(waits(Duration::ZERO)) {
        store.queue_mails(&[new_mail(number)]).await.unwrap();
        let mail = claim(store, "a", LEASE).await.remove(0);
        finish(store, &mail, &end).await;
        let again = claim(store, "a", LEASE).await.remove(0);
        assert_eq!(again.attempt, attempts + 1);
        finish(store, &again, &MailEnd::Sent).await;
    }
}

#[tokio::test]
async fn a_mail_is_given_up_when_its_next_try_lies_beyond_its_time() {
    let TestDatabase { ref store, .. } = TestDatabase::create().await;
    for (number, end, state) in [
        (
            1,
            MailEnd::Retry {
                after: TWO_DAYS,
                error: error(),
            },
            MailState::Failed,
        ),
        (
            2,
            MailEnd::Untried {
                after: TWO_DAYS,
                error: error(),
            },
            MailState::Failed,
        ),
        (
            3,
            MailEnd::Unknown {
                after: TWO_DAYS,
                error: error(),
            },
            MailState::Unknown,
        ),
        (4, MailEnd::Failed { error: error() }, MailState::Failed),
    ] {
        store.queue_mails(&[new_mail(number)]).await.unwrap();
        let mail = claim(store, "a", LEASE).await.remove(0);
        assert!(finish(store, &mail, &end).await);
        let mail = &all(store).await[0];
        assert_eq!((mail.state, mail.next_try_at), (state, None));
    }
    assert_eq!(store.mail_counts().await.unwrap().oldest_waiting, None);
}

#[tokio::test]
async fn people_can_have_a_mail_tried_again() {
    let TestDatabase {
        ref store, ref pool, ..
    } = TestDatabase::create().await;
    store.queue_mails(&[new_mail(1)]).await.unwrap();
    let mail = claim(store, "a", LEASE).await.remove(0);
    assert_eq!(
        store.retry_mail(mail.id).await.unwrap(),
        MailRetry::NotWaiting(MailState::Sending)
    );
    finish(store, &mail, &MailEnd::Failed { error: error() }).await;
    sqlx::query("update mail_outbox set queued_at = now() - interval '3 days'")
        .execute(pool)
        .await
        .unwrap();

    assert_eq!(store.retry_mail(mail.id).await.unwrap(), MailRetry::Queued);
    let again = claim(store, "a", LEASE).await.remove(0);
    assert_eq!(again.attempt, 1, "from the beginning");
    finish(
        store,
        &again,
        &MailEnd::Retry {
            after: MINUTE,
            error: error(),
        },
    )
    .await;
    assert_eq!(
        all(store).await[0].state,
        MailState::Queued,
        "its two days begin anew"
    );

    assert_eq!(
        store.retry_mail(mail.id).await.unwrap(),
        MailRetry::Queued,
        "without waiting for its turn"
    );
    let again = claim(store, "a", LEASE).await.remove(0);
    finish(store, &again, &MailEnd::Sent).await;
    assert_eq!(
        store.retry_mail(mail.id).await.unwrap(),
        MailRetry::NotWaiting(MailState::Sent)
    );
    assert_eq!(store.retry_mail(MailId(-1)).await.unwrap(), MailRetry::Missing);
}

#[tokio::test]
async fn a_row_nobody_can_read_fails_alone_and_one_of_a_newer_program_waits() {
    let TestDatabase {
        ref store, ref pool, ..
    } = TestDatabase::create().await;
    store
        .queue_mails(&[new_mail(1), new_mail(2), new_mail(3)])
        .await
        .unwrap();
    let broken = "update mail_outbox set params = '{}' where case_id = $1";
    sqlx::query(broken)
        .bind(Uuid::from_u128(1))
        .execute(pool)
        .await
        .unwrap();
    let newer = "update mail_outbox set kind = 'from_the_future' where case_id = $1";
    sqlx::query(newer)
        .bind(Uuid::from_u128(2))
        .execute(pool)
        .await
        .unwrap();
    let claimed: Vec<RequestId> = claim(store, "a", LEASE)
        .await
        .iter()
        .filter_map(|mail| mail.request)
        .collect();
    assert_eq!(claimed, [RequestId(Uuid::from_u128(3))]);
    let states: Vec<(i64, String)> = sqlx::query_as("select id, state from mail_outbox order by case_id")
        .fetch_all(pool)
        .await
        .unwrap();
    let states: Vec<&str> = states.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(states, ["failed", "queued", "sending"]);
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let TestDatabase { ref store, .. } = TestDatabase::create().await;
    let mails: Vec<NewMail> = (1..=5).map(new_mail).collect();
    store.queue_mails(&mails).await.unwrap();
    let mut claimed = store
        .claim_mails(&node("a"), 2, LEASE, UnknownOutcome::Repeat, TWO_DAYS)
        .await
        .unwrap();
    claimed.sort_by_key(|mail| mail.id);
    finish(store, &claimed[0], &MailEnd::Sent).await;
    finish(store, &claimed[1], &MailEnd::Failed { error: error() }).await;

    let filter = MailFilter {
        states: vec![MailState::Queued],
        limit: 2,
        ..MailFilter::default()
    };
    let first = store.list_mails(&filter).await.unwrap();
    let second = store
        .list_mails(&MailFilter {
            before: Some(first[1].id),
            ..filter
        })
        .await
        .unwrap();
    let requests = |page: &[MailSummary]| -> Vec<u128> {
        page.iter()
            .map(|mail| mail.request_id.unwrap().0.as_u128())
            .collect()
    };
    assert_eq!((requests(&first), requests(&second)), (vec![5, 4], vec![3]));

    let of_request = MailFilter {
        request: Some(RequestId(Uuid::from_u128(2))),
        limit: 10,
        ..MailFilter::default()
    };
    let found = store.list_mails(&of_request).await.unwrap();
    assert_eq!((found.len(), found[0].state), (1, MailState::Failed));
    assert_eq!(found[0].protocol_number, "INPS.7013.24/02/2021.0000123");
}

#[tokio::test]
async fn mails_are_counted_by_state() {
    let TestDatabase { ref store, .. } = TestDatabase::create().await;
    let mails: Vec<NewMail> = (1..=5).map(new_mail).collect();
    store.queue_mails(&mails).await.unwrap();
    let claimed = store
        .claim_mails(&node("a"), 3, LEASE, UnknownOutcome::Repeat, TWO_DAYS)
        .await
        .unwrap();
    finish(store, &claimed[0], &MailEnd::Sent).await;
    finish(store, &claimed[1], &MailEnd::Failed { error: error() }).await;
    let counts = store.mail_counts().await.unwrap();
    let states = [
        counts.queued,
        counts.sending,
        counts.sent_last_day,
        counts.failed,
        counts.unknown,
    ];
    assert_eq!(states, [2, 1, 1, 1, 0]);
    assert!(counts.oldest_waiting.is_some());
}

#[tokio::test]
async fn sent_mails_are_forgotten_in_time_and_others_never() {
    let TestDatabase {
        ref store, ref pool, ..
    } = TestDatabase::create().await;
    store
        .queue_mails(&[new_mail(1), new_mail(2), new_mail(3)])
        .await
        .unwrap();
    let claimed = claim(store, "a", LEASE).await;
    finish(store, &claimed[0], &MailEnd::Sent).await;
    finish(store, &claimed[1], &MailEnd::Failed { error: error() }).await;
    assert_eq!(
        store.forget_sent_mails(Duration::from_hours(24)).await.unwrap(),
        0
    );
    sqlx::query("update mail_outbox set sent_at = sent_at - interval '2 days' where state = 'sent'")
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(
        store.forget_sent_mails(Duration::from_hours(24)).await.unwrap(),
        1
    );
    assert_eq!(all(store).await.len(), 2);
}

//! Mails that did not get through: when they are tried again, when they are given up, and what people can do.

use std::time::Duration;

use usciere::store::{MailEnd, MailId, MailRetry, MailState};

use super::database::TestDatabase;
use super::new_mail;
use super::outbox::{LEASE, MINUTE, TWO_DAYS, all, claim, error, finish};

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

//! What is known of mails: rows nobody can read, lists, counts, and when they are forgotten.

use std::time::Duration;

use usciere::domain::ids::RequestId;
use usciere::store::{MailEnd, MailFilter, MailState, MailSummary, NewMail, UnknownOutcome};
use uuid::Uuid;

use super::database::TestDatabase;
use super::outbox::{LEASE, TWO_DAYS, all, claim, error, finish};
use super::{new_mail, node};

/// A database in which so many mails wait.
async fn waiting(count: u128) -> TestDatabase {
    let database = TestDatabase::create().await;
    let mails: Vec<NewMail> = (1..=count).map(new_mail).collect();
    database.store.queue_mails(&mails).await.unwrap();
    database
}

async fn execute(database: &TestDatabase, statement: &'static str) {
    sqlx::raw_sql(statement).execute(&database.pool).await.unwrap();
}

#[tokio::test]
async fn a_row_nobody_can_read_fails_alone_and_one_of_a_newer_program_waits() {
    let database = waiting(3).await;
    let store = &database.store;
    let broken =
        "update mail_outbox set params = '{}' where case_id = '00000000-0000-0000-0000-000000000001'";
    execute(&database, broken).await;
    let newer = "update mail_outbox set kind = 'from_the_future' where case_id = '00000000-0000-0000-0000-000000000002'";
    execute(&database, newer).await;
    let claimed: Vec<RequestId> = claim(store, "a", LEASE)
        .await
        .iter()
        .filter_map(|mail| mail.request)
        .collect();
    assert_eq!(claimed, [RequestId(Uuid::from_u128(3))]);
    let states: Vec<(i64, String)> = sqlx::query_as("select id, state from mail_outbox order by case_id")
        .fetch_all(&database.pool)
        .await
        .unwrap();
    let states: Vec<&str> = states.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(states, ["failed", "queued", "sending"]);
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let TestDatabase { ref store, .. } = waiting(5).await;
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
    let TestDatabase { ref store, .. } = waiting(5).await;
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
async fn mails_are_forgotten_in_time() {
    let database = waiting(3).await;
    let store = &database.store;
    let claimed = claim(store, "a", LEASE).await;
    finish(store, &claimed[0], &MailEnd::Sent).await;
    finish(store, &claimed[1], &MailEnd::Failed { error: error() }).await;
    let (day, week) = (Duration::from_hours(24), Duration::from_hours(24 * 7));
    let forget = async || store.forget_mails(day, week).await.unwrap();
    assert_eq!(forget().await, 0);
    let days_pass = "update mail_outbox set queued_at = queued_at - interval '4 days',
                                            sent_at = sent_at - interval '4 days'";
    // the one that was sent, then the one that failed
    for _ in 0..2 {
        execute(&database, days_pass).await;
        assert_eq!(forget().await, 1);
    }
    // Only what nobody tries any more goes.
    assert_eq!(all(store).await.len(), 1);
}

//! `usciere mail`.

use serde_json::json;
use usciere::domain::command::Personal;
use usciere::domain::event::MailKind;
use usciere::domain::ids::{ActorId, PatronatoCode, RequestId};
use usciere::domain::mail::{Addressee, MailDetail, MailParams};
use usciere::store::NewMail;

use crate::system::System;

/// One mail that failed, one that is sent, one that waits.
async fn three_mails(system: &System) {
    let params = MailParams {
        protocol_number: Some("INPS.7013.24/02/2021.0000123".to_owned()),
        topic_label: "Pensioni".to_owned(),
        sede_name: Some("Pomezia".to_owned()),
        happened_on: "2021-02-24".parse().unwrap(),
        detail: MailDetail::Nothing,
    };
    let request = RequestId("0199c0de-0000-7000-8000-000000000001".parse().unwrap());
    let to = Addressee {
        patronato: PatronatoCode::parse("inca").unwrap(),
        operator: ActorId::parse("op1").unwrap(),
        address: Personal("op1@inca.example".to_owned()),
    };
    let mails = [1, 2, 3].map(|seq| NewMail::new(request, seq, MailKind::Reply, &to, params.clone()));
    system.database.store.queue_mails(&mails).await.unwrap();
    for (id, set) in [
        (
            1,
            "state = 'failed', next_try_at = null, last_error = '550 no such user'",
        ),
        (2, "state = 'sent', next_try_at = null, sent_at = now()"),
    ] {
        let text = format!("update mail_outbox set {set} where id = {id}");
        sqlx::query(sqlx::AssertSqlSafe(text))
            .execute(&system.database.pool)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn mails_are_listed_without_addresses() {
    let system = System::start().await;
    three_mails(&system).await;
    let listed = system.usciere(&["mail", "list"]);
    assert_eq!(listed.all("id"), [3, 2, 1]);
    assert!(!String::from_utf8_lossy(&listed.out).contains("op1@"));
    assert_eq!(system.usciere(&["mail", "list", "--failed"]).all("id"), [1]);
    assert_eq!(
        system.usciere(&["mail", "list", "--state", "sent"]).all("id"),
        [2]
    );
    assert_eq!(
        system
            .usciere(&["mail", "list", "--after", "3", "--limit", "1"])
            .all("id"),
        [2]
    );
}

#[tokio::test]
async fn a_failed_mail_is_queued_again_and_a_sent_one_is_not() {
    let system = System::start().await;
    three_mails(&system).await;
    assert_eq!(system.usciere(&["mail", "retry", "1"]).code, 0);
    assert_eq!(system.usciere(&["mail", "retry", "2"]).code, 6);
    assert_eq!(system.usciere(&["mail", "retry", "9"]).code, 5);
    let several = system.usciere(&["mail", "retry", "1", "2", "9"]);
    assert_eq!(several.code, 3);
    assert_eq!(several.all("outcome"), ["queued", "not_queued", "missing"]);
    assert_eq!(system.usciere(&["mail", "list", "--failed"]).json(), json!([]));
}

#[tokio::test]
async fn all_that_were_given_up_are_queued_after_a_yes() {
    let system = System::start().await;
    three_mails(&system).await;
    assert_eq!(system.usciere(&["mail", "retry", "--all"]).code, 2);
    assert_eq!(
        system.usciere(&["mail", "retry", "--all", "--yes"]).all("id"),
        [1]
    );
    assert_eq!(
        system.usciere(&["mail", "list", "--state", "queued"]).all("id"),
        [3, 1]
    );
}

#[tokio::test]
async fn templates_are_shown_without_a_database() {
    let system = System::start().await;
    let elsewhere = ["--set", "database.url=postgres://127.0.0.1:1/nowhere"];
    let previews = system.usciere(&[&["mail", "preview"], &elsewhere[..]].concat());
    assert_eq!(previews.json().as_array().unwrap().len(), MailKind::ALL.len());
    let html = system.usciere(&[&["mail", "preview", "reply", "--html"], &elsewhere[..]].concat());
    assert!(html.out.starts_with(b"<!"), "{}", html.talk);
}

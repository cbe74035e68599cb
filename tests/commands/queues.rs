//! `usciere queue pause` and `resume`: they need no broker.

use serde_json::Value;

use crate::system::System;

#[tokio::test]
async fn a_queue_is_held_and_let_go() {
    let system = System::start().await;
    let paused = system.usciere(&[
        "queue",
        "pause",
        "sede.701300",
        "--until",
        "2h",
        "--note",
        " lavori ",
    ]);
    assert_eq!(paused.code, 0, "{}", paused.talk);
    let held = system.database.store.pauses().await.unwrap();
    let pause = held.pauses.of("sede.701300").unwrap();
    assert_eq!(pause.note.as_deref(), Some("lavori"));
    assert!(pause.until.is_some() && !pause.by.is_empty());

    assert_eq!(system.usciere(&["queue", "resume", "sede.701300"]).code, 0);
    let again = system.usciere(&["queue", "resume", "sede.701300"]);
    assert_eq!(again.code, 6, "{}", again.talk);
}

#[tokio::test]
async fn what_cannot_be_held_is_told() {
    let system = System::start().await;
    for unknown in ["sede.999999", "usciere.unroutable", "intake"] {
        let paused = system.usciere(&["queue", "pause", unknown]);
        assert_eq!(paused.code, 5, "{}", paused.talk);
    }
    let past = [
        "queue",
        "pause",
        "usciere.intake",
        "--until",
        "2020-01-01T00:00:00Z",
    ];
    assert_eq!(system.usciere(&past).code, 2);
    assert_eq!(
        system
            .usciere(&["queue", "pause", "usciere.intake", "--until", "domani"])
            .code,
        2
    );
    assert_eq!(
        system
            .database
            .store
            .pauses()
            .await
            .unwrap()
            .pauses
            .queues()
            .count(),
        0
    );
}

#[tokio::test]
async fn a_job_is_held_and_let_go() {
    let system = System::start().await;
    let announced = usciere::store::Announced {
        name: "overdue".parse().unwrap(),
        cron: "0 * * * * *".to_owned(),
        timezone: "UTC".to_owned(),
        enabled: true,
    };
    let store = &system.database.store;
    store
        .announce_jobs(&[announced], system.clock.now())
        .await
        .unwrap();
    let listed = || system.usciere(&["job", "list"]).json()[0].clone();
    assert_eq!(
        system
            .usciere(&["job", "pause", "overdue", "--note", "prova"])
            .code,
        0
    );
    let held = listed();
    assert_eq!(
        (&held["paused"], &held["note"], &held["next_at"]),
        (&true.into(), &"prova".into(), &Value::Null)
    );
    assert_eq!(system.usciere(&["job", "resume", "overdue"]).code, 0);
    assert_eq!(listed()["paused"], false);
    assert_eq!(system.usciere(&["job", "resume", "overdue"]).code, 6);
    assert_eq!(system.usciere(&["job", "pause", "nessuno"]).code, 5);
}

//! What people decide on the command line stands in the audit, with the operating system's user.

use serde_json::json;

use crate::system::System;

#[tokio::test]
async fn decisions_by_hand_leave_a_row_each_and_looks_leave_none() {
    let system = System::start().await;
    let topics = "config/examples/topics.csv";
    for (command, action, about) in [
        (
            &["import", "topics", topics][..],
            "import",
            format!("topics from {topics}"),
        ),
        (
            &["queue", "pause", "sede.701300"],
            "queue pause",
            "sede.701300".to_owned(),
        ),
        (
            &["queue", "resume", "sede.701300"],
            "queue resume",
            "sede.701300".to_owned(),
        ),
        (&["mail", "retry", "17"], "mail retry", "mail 17".to_owned()),
    ] {
        system.usciere(command);
        let audited = system.usciere(&["audit", "list", "--action", action]);
        assert_eq!(audited.all("correlation"), [json!(about)], "{action}");
        assert_eq!(audited.all("capacity"), ["administrator"], "{action}");
        assert_eq!(
            audited.all("actor"),
            [json!(usciere::cli::who::user())],
            "{action}"
        );
    }
    let before = system.usciere(&["audit", "list"]).all("action").len();
    for look in [
        &["import", "topics", topics, "--check"][..],
        &["queue", "list"],
        &["dead", "list"],
    ] {
        system.usciere(look);
    }
    assert_eq!(system.usciere(&["audit", "list"]).all("action").len(), before);
}

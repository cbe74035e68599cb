//! `usciere stats`. That its figures are those of `GET /statistics` is held where a node answers it: tests/http.

use serde_json::json;

use crate::cases::two_requests;
use crate::system::System;

#[tokio::test]
async fn figures_are_told_whole_by_group_and_as_a_table_for_programs() {
    let system = System::start().await;
    let sede = two_requests(&system).await;
    let counted = json!({
        "open": 1, "overdue": 0, "first_solicit": 0, "second_solicit": 0, "closed": 1, "appointment_enabled": 0,
        "appointment": 0, "replies": 1, "median_days": 0.0, "p90_days": 0.0,
    });
    assert_eq!(system.usciere(&["stats"]).json(), json!([counted]));
    let of_sede = system.usciere(&["stats", "--sede", &sede, "--patronato", "inca"]);
    assert_eq!(of_sede.json(), json!([counted]));
    let none = system.usciere(&["stats", "--topic", "naspi"]).json();
    assert_eq!((&none[0]["open"], &none[0]["replies"]), (&json!(0), &json!(0)));
    assert_eq!(none[0]["median_days"], json!(null));

    let csv = |options: &[&str]| {
        let ended = system.run("csv", options);
        assert_eq!(ended.code, 0, "{}", ended.talk);
        String::from_utf8(ended.out).unwrap()
    };
    let header = "group,open,overdue,first_solicit,second_solicit,closed,appointment_enabled,appointment,replies,\
                  median_days,p90_days";
    let figures = "1,0,0,0,1,0,0,1,0.0,0.0";
    for (options, group) in [
        (&["stats"][..], "all"),
        (&["stats", "--by", "topic"], "pensioni-paesi-non-convenzionati"),
        (&["stats", "--by", "office"], "inca INCA-RM-001"),
        (&["stats", "--by", "sede"], &sede),
    ] {
        let lines: Vec<String> = csv(options).lines().map(ToOwned::to_owned).collect();
        assert_eq!(
            lines,
            [header.to_owned(), format!("{group},{figures}")],
            "{options:?}"
        );
    }
    // No group where nothing fits.
    assert_eq!(
        csv(&["stats", "--by", "topic", "--to", "2000-01-01"])
            .lines()
            .count(),
        1
    );

    let backwards = system.usciere(&["stats", "--from", "2026-12-02", "--to", "2026-12-01"]);
    assert_eq!(
        (backwards.code, backwards.out.len()),
        (2, 0),
        "{}",
        backwards.talk
    );
}

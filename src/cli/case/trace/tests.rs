//! The order of a trace, and what its lines say.

use super::*;
use crate::cli::examples::{every_format, happened, mail, moment as at, waiting};

fn sending(kind: &str, destination: &str, created: &str, confirmed: Option<&str>) -> Sending {
    Sending {
        kind: kind.to_owned(),
        destination: destination.to_owned(),
        case_seq: None,
        message_id: Uuid::from_u128(7),
        created_at: at(created),
        sent_at: confirmed.map(at),
        attempts: 0,
        last_error: None,
    }
}

/// As in a development system whose clock was moved: the timer's own time is days after its messages'.
fn lines() -> Vec<Line> {
    let first = "2020-10-21T13:04:13.004Z";
    let timer = "2020-10-22T10:00:00Z";
    let recorded = [(1, at(first)), (2, at(first))].into();
    let accepted = sending(
        "request.accepted",
        "portal.inca",
        first,
        Some("2020-10-21T13:04:13.016Z"),
    );
    let assigned = Sending {
        case_seq: Some(1),
        ..sending(
            "request.assigned",
            "sede.230001",
            first,
            Some("2020-10-21T13:06:43Z"),
        )
    };
    let overdue = Sending {
        message_id: portal_message_id(waiting().case.id, 3, "request.overdue"),
        attempts: 3,
        last_error: Some("the queue is full".to_owned()),
        ..sending("request.overdue", "portal.inca", timer, None)
    };
    in_order(&happened(), &recorded, &[accepted, assigned, overdue], &[mail()])
}

#[test]
fn events_are_followed_by_what_they_sent() {
    let kinds: Vec<String> = lines().iter().map(|line| line.cells()[2].clone()).collect();
    assert_eq!(
        kinds,
        [
            "submitted",
            "assigned",
            "request.accepted",
            "request.assigned",
            "elapsed",
            "request.overdue",
            "overdue"
        ]
    );
}

#[test]
fn every_line_says_what_became_of_it() {
    insta::assert_snapshot!(every_format(|printer| printer.rows(&lines())));
}

#[test]
fn an_event_the_inbox_forgot_stands_at_its_own_time() {
    let entry = &happened()[0];
    assert_eq!(written_at(entry, &BTreeMap::new(), &[]), entry.at);
}

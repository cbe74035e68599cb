//! `usciere case`.

use serde_json::{Value, json};
use usciere::engine::Handled;

use crate::system::{System, by_operator, request, request_with_id};

const FIRST: &str = "0199c0de-0000-7000-8000-000000000001";
const SECOND: &str = "0199c0de-0000-7000-8000-000000000002";

/// Two requests, the second answered by its sede; the sede that has them.
pub(crate) async fn two_requests(system: &System) -> String {
    for (id, message) in [(FIRST, "m-1"), (SECOND, "m-2")] {
        let body = request_with_id(id);
        let handled = system.handle("portal.inca.request.submit", message, &body).await;
        assert!(matches!(handled, Handled::Done { .. }), "{handled:?}");
    }
    let shown = system.usciere(&["case", "show", SECOND]).json();
    let sede = shown["sede"].as_str().unwrap().to_owned();
    let reply = json!({
        "request_id": SECOND, "officer": {"id": "uff7", "name": "Anna Verdi"}, "text": "Liquidata.",
    });
    let key = format!("sede.{sede}.request.reply");
    let handled = system.handle(&key, "r-1", &reply).await;
    assert!(matches!(handled, Handled::Done { .. }), "{handled:?}");
    sede
}

#[tokio::test]
async fn requests_are_listed_newest_first_and_filtered() {
    let system = System::start().await;
    let sede = two_requests(&system).await;
    let list = |more: &[&str]| {
        let listed = system.usciere(&[&["case", "list"], more].concat());
        assert_eq!(listed.code, 0, "{}", listed.talk);
        listed.all("request_id")
    };
    assert_eq!(list(&[]), [SECOND, FIRST]);
    assert_eq!(list(&["--limit", "1"]), [SECOND]);
    assert_eq!(list(&["--after", SECOND]), [FIRST]);
    assert_eq!(list(&["--state", "chiuso_da_funzionario"]), [SECOND]);
    assert_eq!(list(&["--sede", &sede, "--patronato", "inca"]), [SECOND, FIRST]);
    assert_eq!(
        list(&[
            "--office",
            "INCA-RM-001",
            "--topic",
            "pensioni-paesi-non-convenzionati"
        ])
        .len(),
        2
    );
    for nothing in [
        ["--patronato", "acli"],
        ["--office", "INCA-MI-001"],
        ["--topic", "assegno-sociale"],
        ["--from", "2999-01-01"],
        ["--to", "2000-01-01"],
    ] {
        assert!(list(&nothing).is_empty(), "{nothing:?}");
    }
    assert!(list(&["--overdue"]).is_empty());
    assert!(list(&["--solicited"]).is_empty());
    let line = &system.usciere(&["case", "list"]).json()[1];
    assert_eq!(
        (&line["state_label"], &line["solicits"]),
        (&json!("Assegnato a Sede"), &json!(0))
    );
    let shown = line.to_string();
    assert!(!shown.contains("Rossi") && !shown.contains("BNC"), "{shown}");
}

#[tokio::test]
async fn a_request_is_found_by_number_id_and_beginning() {
    let system = System::start().await;
    two_requests(&system).await;
    let number = system.usciere(&["case", "show", FIRST]).json()["protocol_number"].clone();
    let by_number = system.usciere(&["case", "show", number.as_str().unwrap()]);
    assert_eq!(by_number.json()["request_id"], FIRST);

    let ambiguous = system.usciere(&["case", "show", "0199c0de"]);
    assert_eq!(ambiguous.code, 2, "{}", ambiguous.talk);
    let other = "0abc0000-0000-7000-8000-000000000003";
    system
        .handle("portal.inca.request.submit", "m-3", &request_with_id(other))
        .await;
    assert_eq!(
        system.usciere(&["case", "show", "0abc"]).json()["request_id"],
        other
    );

    for unknown in [
        "0fff",
        "0199c0de-0000-7000-8000-00000000000f",
        "INPS.7013.24/02/2021.0000123",
    ] {
        let gone = system.usciere(&["case", "show", unknown]);
        assert_eq!(gone.code, 5, "{}", gone.talk);
        assert!(gone.talk.contains("case list"), "{}", gone.talk);
    }
}

#[tokio::test]
async fn what_is_shown_as_allowed_is_what_the_engine_answers() {
    let system = System::start().await;
    two_requests(&system).await;
    let shown = system.usciere(&["case", "show", FIRST]).json();
    assert_eq!(shown["codice_fiscale"], "BNC************U");
    let history = shown["history"].as_array().unwrap();
    let about: Vec<&Value> = history.iter().map(|line| &line["about"]).collect();
    let assigned = format!("to {}", shown["sede"].as_str().unwrap());
    assert_eq!(about, [&json!(""), &json!(assigned)]);
    let solicit = allowed(&shown, "office", "solicited");
    assert_eq!(solicit["allowed"], json!(false));
    let answer = system
        .handle("portal.inca.request.solicit", "s-1", &by_operator(FIRST))
        .await;
    let Handled::Refused(refusal) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(solicit["code"], refusal.code.as_str());
    assert_eq!(solicit["message"], refusal.message);
    assert_eq!(solicit["available_from"], json!(refusal.available_from));
    assert_eq!(solicit["available_from"], shown["solicit_from"]);
}

fn allowed(shown: &Value, by: &str, event: &str) -> Value {
    let offers = shown["allowed"].as_array().unwrap();
    let offer = offers
        .iter()
        .find(|offer| offer["by"] == by && offer["event"] == event);
    offer.unwrap().clone()
}

#[tokio::test]
async fn a_trace_has_every_event_message_and_mail_in_order() {
    let system = System::start().await;
    two_requests(&system).await;
    // A development system's clock is days ahead: the order is that of the writing all the same.
    system.clock.set_offset(chrono::TimeDelta::days(17));
    system
        .handle("portal.inca.request.message", "m-4", &{
            let mut body = by_operator(SECOND);
            body["text"] = json!("Grazie, e gli arretrati?");
            body
        })
        .await;
    system
        .handle("portal.inca.request.solicit", "s-2", &by_operator(SECOND))
        .await;
    let traced = system.usciere(&["case", "trace", SECOND]);
    let lines: Vec<String> = traced
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|line| format!("{} {}", line["what"], line["kind"]).replace('"', ""))
        .collect();
    let steps = [
        "event submitted",
        "event assigned",
        "message request.accepted",
        "message request.assigned",
        "event replied",
        "message request.replied",
        "mail reply",
        "event messaged",
        "message request.message",
        "message request.assigned",
        "message command.refused",
    ];
    assert_eq!(lines.len(), steps.len(), "{lines:#?}");
    // Messages of one transaction have no order among each other.
    let sorted = |lines: &[String]| {
        let mut lines = lines.to_vec();
        lines.sort_unstable();
        lines
    };
    let steps = steps.map(str::to_owned);
    for part in [0..4, 4..7, 7..10, 10..11] {
        assert_eq!(sorted(&lines[part.clone()]), sorted(&steps[part]));
    }
    let waiting = traced.json()[2].clone();
    assert_eq!(
        (&waiting["confirmed_at"], &waiting["attempts"]),
        (&Value::Null, &json!(0))
    );
}

#[tokio::test]
async fn without_workflow_definitions_there_are_names_in_place_of_labels() {
    let system = System::start().await;
    system
        .handle("portal.inca.request.submit", "m-1", &request())
        .await;
    let listed = system.usciere(&["case", "list", "--set", "workflows.dir=nowhere"]);
    assert_eq!(listed.code, 0);
    assert!(listed.talk.contains("workflows.dir"), "{}", listed.talk);
    assert_eq!(listed.all("state_label"), ["assegnato_sede"]);
}

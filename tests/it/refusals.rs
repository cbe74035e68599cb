//! Understood, not allowed: the portal is told why, nothing changes.

use serde_json::{Value, json};

use crate::world::{World, by_officer, by_operator, request, with};

/// What is changed in a right submission, and the code and place it is refused with.
fn wrong_submissions() -> Vec<(&'static str, &'static str, Value)> {
    let named = |family: &str, given: &str, born: &str| json!({"citizen": {"family_name": family, "given_name": given, "born_on": born}});
    let text = "x".repeat(4001);
    let big = "A".repeat(6 * 1024 * 1024 / 3 * 4 + 4);
    vec![
        (
            "citizen_unknown",
            "/citizen/codice_fiscale",
            json!({"citizen": {"codice_fiscale": "RSSMRA85T10A562S"}}),
        ),
        (
            "citizen_ambiguous",
            "",
            json!({"citizen": {"codice_fiscale": "FRRNNA52L54F205X"}}),
        ),
        ("citizen_ambiguous", "", named("Russo", "Giuseppe", "1948-03-19")),
        ("delegation_missing", "/delegation", json!({"delegation": false})),
        (
            "reason_not_allowed",
            "/reason",
            json!({"reason": "regulatory_clarification"}),
        ),
        ("practice_required", "/practice", json!({"practice": null})),
        (
            "practice_not_linked",
            "",
            json!({"practice": {"kind": "domus", "number": "99999999"}}),
        ),
        (
            "practice_not_entitled",
            "",
            json!({"practice": {"kind": "pension", "number": "030010110000003"}}),
        ),
        ("topic_unknown", "/topic", json!({"topic": "astronomia"})),
        (
            "topic_not_for_reason",
            "/topic",
            json!({"topic": "normativa-previdenziale"}),
        ),
        ("text_missing", "/text", json!({"text": "  "})),
        ("text_missing", "/text", json!({"text": null})),
        ("text_too_long", "/text", json!({"text": text})),
        ("text_too_long", "/notes", json!({"notes": text})),
        (
            "attachment_type",
            "",
            json!({"attachments": [{"name": "a.exe", "content_base64": "TVqQAAMAAAA="}]}),
        ),
        (
            "attachment_type",
            "",
            json!({"attachments": [{"name": "a.pdf", "content_base64": "TVqQAAMAAAA="}]}),
        ),
        (
            "attachment_too_large",
            "",
            json!({"attachments": [{"name": "a.txt", "content_base64": big}]}),
        ),
        (
            "attachment_missing",
            "",
            json!({"attachments": [{"name": "a.txt", "sha256": "0".repeat(64)}]}),
        ),
        ("sede_unknown", "/sede", json!({"sede": "999999"})),
        ("sede_unknown", "/sede", json!({"sede": "701400"})),
        ("invalid_body", "/office", json!({"office": "INCA-XX-999"})),
        ("invalid_body", "/operator", json!({"operator": null})),
        (
            "invalid_body",
            "/operator/email",
            json!({"operator": {"id": "op1", "name": "Mario Rossi", "email": "a@b.example\r\nBcc: c@d.example"}}),
        ),
        ("text_missing", "/text", json!({"text": "\u{200b}\u{200d}"})),
        (
            "invalid_body",
            "/citizen/codice_fiscale",
            json!({"citizen": {"codice_fiscale": "BNCMRA50A01H501X"}}),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_submission_is_refused_with_its_code_and_changes_nothing() {
    let world = World::start().await;
    for (code, pointer, change) in wrong_submissions() {
        let body = with(request(), change);
        let answer = world.refused("portal.inca.request.submit", &body).await;
        assert_eq!(answer.text("code"), code, "{:?}", answer.body);
        assert_eq!(answer.text("command"), "request.submit");
        assert!(!answer.text("message").is_empty());
        let pointers: Vec<&str> = answer.body["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["pointer"].as_str().unwrap())
            .collect();
        if !pointer.is_empty() {
            assert!(pointers.contains(&pointer), "{code}: {pointers:?}");
        }
    }
    world.settle().await;
    assert_eq!(world.count("select count(*) from cases").await, 0);
    assert_eq!(
        world
            .count("select coalesce(max(last), 0)::bigint from protocol_register")
            .await,
        0
    );
    assert_eq!(world.count("select count(*) from dead_letter").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_10_and_11_are_refused_in_their_own_words() {
    let world = World::start().await;
    let not_linked = json!({"practice": {"kind": "protocol", "number": "INPS.7013.01/01/2020.0000001"}});
    let answer = world
        .refused("portal.inca.request.submit", &with(request(), not_linked))
        .await;
    assert_eq!(
        answer.text("message"),
        "Numero di protocollo non corretto o non associato al codice fiscale"
    );
    let not_entitled = json!({"practice": {"kind": "pension", "number": "030010110000003"}});
    let answer = world
        .refused("portal.inca.request.submit", &with(request(), not_entitled))
        .await;
    assert_eq!(
        answer.text("message"),
        "Per il codice fiscale inserito, associato al numero della pensione indicata, non può essere richiesta \
         alcuna informazione in quanto si riferisce a soggetto diverso da: Titolare, Amministratore di sostegno, \
         Tutore."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn several_people_are_offered_and_a_person_id_settles_it() {
    let world = World::start().await;
    let ambiguous = json!({"citizen": {"codice_fiscale": "FRRNNA52L54F205X"}, "practice": null,
                           "reason": "access_requirements"});
    let answer = world
        .refused("portal.inca.request.submit", &with(request(), ambiguous.clone()))
        .await;
    let candidates = answer.body["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 2);
    for candidate in candidates {
        for member in [
            "person_id",
            "codice_fiscale",
            "family_name",
            "given_name",
            "born_on",
            "birth_place",
            "address",
        ] {
            assert!(candidate[member].is_string(), "{member}");
        }
    }
    let chosen = json!({"citizen": {"codice_fiscale": "FRRNNA52L54F205X",
                                    "person_id": candidates[1]["person_id"]}});
    world
        .send(
            "portal.inca.request.submit",
            &with(with(request(), ambiguous), chosen),
        )
        .await;
    assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_nobody_elses() {
    let world = World::start().await;
    let id = world.submit().await;
    let solicit = by_operator(id);
    world.days_later(15);
    // another patronato, another office of the same one, an id that is nobody's
    let stranger = world.refused("portal.acli.request.solicit", &solicit).await;
    let other_office = with(solicit.clone(), json!({"office": "INCA-BO-001"}));
    let colleague = world.refused("portal.inca.request.solicit", &other_office).await;
    let nobody = world
        .refused(
            "portal.inca.request.solicit",
            &by_operator(uuid::Uuid::from_u128(1)),
        )
        .await;
    for answer in [stranger, colleague, nobody] {
        assert_eq!(answer.text("code"), "request_unknown");
        assert!(answer.body.get("protocol_number").is_none(), "{:?}", answer.body);
    }
    // another sede
    let reply = with(by_officer(id), json!({"text": "Risposta"}));
    let answer = world.refused("sede.700000.request.reply", &reply).await;
    assert_eq!(answer.text("code"), "not_your_sede");
    // a colleague of the same office may write and solicit, but booking is the sender's
    let colleague =
        json!({"request_id": id, "operator": {"id": "op2", "name": "Lucia Neri"}, "wish": "mattina"});
    let answer = world.refused("portal.inca.request.book", &colleague).await;
    assert_eq!(answer.text("code"), "not_sender");
}

/// Whatever else is wrong with a command, a stranger is told what is told of a request that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_are_told_does_not_tell_that_a_request_is_there() {
    let world = World::start().await;
    let (theirs, nobodys) = (world.submit().await, uuid::Uuid::from_u128(1));
    let faults = [
        ("attach", json!({})),
        (
            "attach",
            json!({"attachments": [{"name": "x.exe", "content_base64": "TVo="}]}),
        ),
        ("message", json!({"text": ""})),
        ("message", json!({"text": "a".repeat(4_001)})),
        ("book", json!({"wish": "a".repeat(4_001)})),
        ("solicit", json!({})),
    ];
    for (command, fault) in faults {
        let mut told = Vec::new();
        for id in [theirs, nobodys] {
            let office = json!({"office": "ACLI-MI-001"});
            let body = with(with(by_operator(id), fault.clone()), office);
            let key = format!("portal.acli.request.{command}");
            let mut answer = world.refused(&key, &body).await.body;
            for its_own in ["request_id", "message_id"] {
                answer.as_object_mut().unwrap().remove(its_own).unwrap();
            }
            told.push(answer);
        }
        assert_eq!(told[0]["code"], "request_unknown", "{command}");
        assert_eq!(told[0], told[1], "{command}");
    }
    let broken = json!({"request_id": theirs, "office": "ACLI-MI-001"});
    let taken = with(
        request(),
        json!({"request_id": theirs, "patronato": "acli", "office": "ACLI-MI-001"}),
    );
    for (command, body) in [("solicit", broken), ("submit", taken)] {
        let key = format!("portal.acli.request.{command}");
        let answer = world.refused(&key, &body).await;
        assert!(answer.body.get("protocol_number").is_none(), "{:?}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_used_once() {
    let world = World::start().await;
    let body = request();
    world.send("portal.inca.request.submit", &body).await;
    assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    let answer = world.refused("portal.inca.request.submit", &body).await;
    assert_eq!(answer.text("code"), "state_conflict");
}

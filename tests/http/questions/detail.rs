//! One request whole, and what can be begun from it.

use serde_json::{Value, json};
use usciere::domain::person::Person;

use super::{id, list};
use crate::harness::{SEDE, Site};
use crate::people::{colleague, of_pomezia, officer, operator, referent};

pub(super) fn offer<'a>(detail: &'a Value, command: &str) -> &'a Value {
    let offers = detail["allowed"].as_array().unwrap();
    offers
        .iter()
        .find(|offer| offer["command"] == command)
        .unwrap_or_else(|| panic!("no {command} among {offers:?}"))
}

/// One field of each entry of a list.
fn each(detail: &Value, part: &str, field: &str) -> Vec<Value> {
    let entries = detail[part].as_array().unwrap();
    entries.iter().map(|entry| entry[field].clone()).collect()
}

/// as the patronato and as the sede see it.
#[tokio::test]
async fn r_095_a_request_is_shown_whole_and_notes_to_the_sede_only() {
    let site = Site::start().await;
    let path = site.submit(&operator()).await;
    let sede = officer(SEDE);
    let act = async |person: &Person, what: &str, body: Value| {
        let path = format!("{path}/{what}");
        site.post(person, &path, &body).await.done(200);
    };
    act(&sede, "take", json!({})).await;
    act(&sede, "notes", json!({"text": "Sentire Foresti."})).await;
    assert_eq!(site.get(&sede, &path).await.done(200)["officer"], "av1");
    assert_eq!(list(&site, &sede, "scope=mine").await, [id(&path)]);
    let waiting = site.get(&colleague(), &path).await.done(200);
    assert_eq!(waiting["officer"], Value::Null);
    assert_eq!(waiting["sede_label"], "POMEZIA-701300");
    assert_eq!(waiting["topic_label"], "PENSIONI PAESI NON CONVENZIONATI");
    assert_eq!(waiting["practice"]["label"], "Numero pensione");
    assert_eq!(waiting["citizen"]["codice_fiscale"], "BNCMRA50A01H501U");
    assert_eq!(
        waiting["question"]["text"],
        "Vorrei conoscere lo stato della pratica."
    );
    assert_eq!(waiting["delegation"]["text_version"], 1);
    assert_eq!(
        waiting["solicits"],
        json!({"first": null, "second": null, "from": "2026-12-08"})
    );
    let solicit = offer(&waiting, "request.solicit");
    assert_eq!(solicit["allowed"], false);
    assert_eq!(solicit["available_from"], "2026-12-08");
    assert!(
        solicit["message"].as_str().is_some_and(|why| !why.is_empty()),
        "{solicit}"
    );

    site.days_later(16);
    act(&colleague(), "solicits", json!({})).await;
    act(&sede, "reply", json!({"text": "La pratica è accolta."})).await;
    let seen = site.get(&operator(), &path).await.done(200);
    assert_eq!(seen["answer"]["text"], "La pratica è accolta.");
    assert_eq!(seen["solicits"]["first"], "2026-12-09");
    assert_eq!(seen["conversation"]["interactions_left"], 2);
    let notice = seen["conversation"]["notice"].as_str().unwrap();
    assert!(
        notice.contains("un massimo di 2 ulteriori interazioni"),
        "{notice}"
    );
    assert_eq!(
        each(&seen, "thread", "kind"),
        ["submitted", "solicited", "replied"]
    );
    assert_eq!(
        each(&seen, "thread", "author"),
        ["Mario Rossi", "Lucia Bruni", "Anna Verdi"]
    );
    let history = each(&seen, "history", "event");
    assert!(history.contains(&json!("assigned")), "{history:?}");
    assert!(
        !history.contains(&json!("taken")) && !history.contains(&json!("noted")),
        "{history:?}"
    );
    assert!(!seen.to_string().contains("Foresti"), "{seen}");

    let whole = site.get(&sede, &path).await.done(200);
    let note = &whole["thread"][1];
    assert_eq!(
        (&note["text"], &note["internal"]),
        (&json!("Sentire Foresti."), &json!(true))
    );
    // nobody finds a request by a note
    for person in [operator(), sede.clone()] {
        assert_eq!(list(&site, &person, "text=foresti").await, [""; 0]);
    }
    assert_eq!(list(&site, &sede, "text=accolta&scope=sede").await, [id(&path)]);
    for stranger in [of_pomezia(), officer("230001")] {
        let answer = site.get(&stranger, &path).await;
        answer.problem(404, "request_unknown");
    }
    site.stop().await;
}

/// the same citizen again, and the same request for another citizen; nothing of the first goes along.
#[tokio::test]
async fn r_080_a_request_is_the_beginning_of_another() {
    let site = Site::start().await;
    let path = site.submit(&operator()).await;
    let template = async |whom: &str| {
        let path = format!("{path}/template?for={whom}");
        site.get(&operator(), &path).await
    };
    let mut next = template("same_citizen").await.done(200);
    assert_eq!(next["citizen"]["codice_fiscale"], "BNCMRA50A01H501U");
    assert_eq!((&next["text"], &next["delegation"]), (&Value::Null, &Value::Null));
    let rest = json!({
        "delegation": true, "reason": "access_requirements", "text": "Un'altra domanda.",
        "topic": "pensioni-paesi-non-convenzionati",
    });
    next.as_object_mut()
        .unwrap()
        .extend(rest.as_object().unwrap().clone());
    site.post(&operator(), "/requests", &next).await.done(201);

    let another = template("another_citizen").await.done(200);
    assert_eq!(another["text"], "Vorrei conoscere lo stato della pratica.");
    assert_eq!(another["reason"], "status_or_rejection");
    assert_eq!(
        (&another["citizen"], &another["practice"]),
        (&Value::Null, &Value::Null)
    );
    assert!(!another.to_string().contains("BNC"), "{another}");
    template("nobody").await.problem(422, "invalid_query");
    let of_others = format!("{path}/template?for=same_citizen");
    let answer = site.get(&of_pomezia(), &of_others).await;
    answer.problem(404, "request_unknown");
    site.stop().await;
}

/// a referent's request has no citizen, and nothing to go on with for one.
#[tokio::test]
async fn r_097_a_referents_request_is_shown_without_a_citizen() {
    let site = Site::start().await;
    let body = json!({
        "role": "regional_referent", "reason": "regulatory_clarification",
        "topic": "normativa-previdenziale", "text": "Come si legge l'articolo 3?",
    });
    let answer = site.post(&referent(), "/requests", &body).await.done(201);
    let path = format!("/requests/{}", answer["request_id"].as_str().unwrap());
    let detail = site.get(&referent(), &path).await.done(200);
    assert_eq!(detail["role"], "regional_referent");
    assert_eq!(
        (&detail["citizen"], &detail["practice"]),
        (&Value::Null, &Value::Null)
    );
    let template = format!("{path}/template?for=same_citizen");
    let answer = site.get(&referent(), &template).await;
    answer.problem(409, "state_conflict");
    site.stop().await;
}

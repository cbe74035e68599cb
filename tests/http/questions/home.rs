//! The home page: what its navigation leads to, for whom a new request is, and the panel of answers with its search.

use serde_json::{Value, json};
use usciere::domain::command::Role;
use usciere::domain::person::Person;

use super::{ids, list, reply, submit_with};
use crate::harness::{Site, submission};
use crate::people::{member, officer, operator};

/// Who is a regional referent and nothing else.
fn referent() -> Person {
    member(
        "ref2",
        "Piero Galli",
        "inca",
        "INCA-RM-001",
        &[Role::RegionalReferent],
    )
}

fn question() -> Value {
    json!({
        "role": "regional_referent", "reason": "regulatory_clarification",
        "topic": "normativa-previdenziale", "text": "Come si legge l'articolo 3?",
    })
}

async fn ask(site: &Site) -> String {
    let asked = site.post(&referent(), "/requests", &question()).await.done(201);
    asked["request_id"].as_str().unwrap().to_owned()
}

/// Home, Nuova richiesta, Storico, Statistiche, for both profiles. R-021: an operator writes for a citizen and
/// never without one. R-022: a referent writes on his own behalf and never for a citizen.
#[tokio::test]
async fn r_020_r_021_r_022_both_profiles_have_the_four_parts_and_write_for_whom_they_may() {
    let site = Site::start().await;
    let mut nobody = submission();
    nobody["citizen"] = Value::Null;
    let refused = site.post(&operator(), "/requests", &nobody).await;
    refused.problem(422, "invalid_body");
    let for_citizen = submit_with(&site, &operator(), json!({})).await;
    let refused = site.post(&referent(), "/requests", &submission()).await;
    refused.problem(403, "forbidden");
    let own = ask(&site).await;

    for (person, sent, whom) in [
        (operator(), &for_citizen, json!("BNCMRA50A01H501U")),
        (referent(), &own, Value::Null),
    ] {
        let home = site.get(&person, "/replies").await.done(200);
        assert_eq!((&home["days"], &home["count"]), (&json!(3), &json!(0)));
        assert_eq!(list(&site, &person, "scope=mine").await, [sent.as_str()]);
        assert_eq!(list(&site, &person, "scope=office").await.len(), 2);
        let figures = site.get(&person, "/statistics?scope=mine").await.done(200);
        assert_eq!(
            figures["figures"][0],
            json!({
                "figure": "open", "label": "Aperte", "count": 1, "list": "/api/v1/requests?scope=mine&figure=open",
            })
        );
        let detail = site.get(&person, &format!("/requests/{sent}")).await.done(200);
        assert_eq!(detail["citizen"]["codice_fiscale"], whom);
        assert_eq!(detail["operator"]["id"], person.id.as_str());
    }
    site.stop().await;
}

/// a referent finds answers by date, topic and number, and has no codice fiscale to search by. R-027: the
/// columns of the panel. R-028: "Ricerca per", one thing at a time.
#[tokio::test]
async fn r_026_r_027_r_028_the_panel_has_its_columns_and_each_search_finds_alone() {
    let site = Site::start().await;
    let (mine, own) = (submit_with(&site, &operator(), json!({})).await, ask(&site).await);
    reply(&site, &mine, "Ecco.").await;
    let answer = format!("/requests/{own}/reply");
    let answered = json!({"text": "Si legge così."});
    site.post(&officer("cric-lazio"), &answer, &answered)
        .await
        .done(200);

    for (person, sent, topic, label, code) in [
        (
            operator(),
            &mine,
            "pensioni-paesi-non-convenzionati",
            "PENSIONI PAESI NON CONVENZIONATI",
            json!("BNC************U"),
        ),
        (
            referent(),
            &own,
            "normativa-previdenziale",
            "NORMATIVA PREVIDENZIALE",
            Value::Null,
        ),
    ] {
        let panel = async |query: &str| site.get(&person, &format!("/replies?{query}")).await.done(200);
        let shown = panel("").await;
        assert_eq!(shown["count"], 1);
        let line = &shown["items"][0];
        let columns = [
            "opened_on",
            "topic_label",
            "codice_fiscale",
            "state_label",
            "request_id",
        ];
        let expected = [
            json!("2026-11-23"),
            json!(label),
            code,
            json!("Chiuso da Funzionario"),
            json!(sent),
        ];
        assert_eq!(columns.map(|column| line[column].clone()), expected);
        let number = line["protocol_number"].as_str().unwrap();
        for (query, found) in [
            ("from=2026-11-23&to=2026-11-23".to_owned(), 1),
            ("to=2026-11-22".to_owned(), 0),
            (format!("topic={topic}"), 1),
            ("topic=naspi".to_owned(), 0),
            (format!("protocol={number}"), 1),
            ("protocol=INPS.CCBFF.17/02/2021.0000123".to_owned(), 0),
        ] {
            assert_eq!(ids(&panel(&query).await).len(), found, "{query}");
        }
    }
    // The operator's citizen has no answers among the referent's, and is no word of an address.
    let citizen = json!({"codice_fiscale": "BNCMRA50A01H501U"});
    let found = site
        .post(&referent(), "/replies/search", &citizen)
        .await
        .done(200);
    assert_eq!(found["count"], 0);
    let found = site
        .post(&operator(), "/replies/search", &citizen)
        .await
        .done(200);
    assert_eq!(ids(&found), [mine]);
    let address = "/replies?codice_fiscale=BNCMRA50A01H501U";
    site.get(&referent(), address).await.problem(422, "invalid_query");
    site.stop().await;
}

//! Lists and searches: every filter, alone and combined.

use serde_json::json;
use usciere::domain::codice_fiscale::CodiceFiscale;

use super::{ids, list, reply, submit_with};
use crate::harness::{SEDE, Site};
use crate::people::{colleague, manager, of_pomezia, officer, operator};

/// all of the office or one's own, every filter, alone and combined.
#[tokio::test]
async fn r_090_r_091_the_office_lists_its_requests_by_every_filter() {
    let site = Site::start().await;
    let mine = submit_with(
        &site,
        &operator(),
        json!({"text": "Perché non arriva la pensione?"}),
    )
    .await;
    site.days_later(1);
    let file = json!([{"name": "nota.txt", "content_base64": "Q2lhbw=="}]);
    let hers = submit_with(&site, &colleague(), json!({"attachments": file})).await;
    let elsewhere = submit_with(&site, &of_pomezia(), json!({})).await;
    let all = [hers.clone(), mine.clone()];
    assert_eq!(list(&site, &operator(), "").await, all);
    assert_eq!(list(&site, &operator(), "scope=mine").await, [mine.as_str()]);
    assert_eq!(list(&site, &of_pomezia(), "scope=office").await, [elsewhere]);
    let line = &site.get(&operator(), "/requests").await.done(200)["items"][1];
    assert_eq!(
        (
            &line["state_label"],
            &line["opened_on"],
            &line["codice_fiscale"],
            &line["operator"]["name"]
        ),
        (
            &json!("Assegnato a Sede"),
            &json!("2026-11-23"),
            &json!("BNC************U"),
            &json!("Mario Rossi")
        )
    );
    let number = line["protocol_number"].as_str().unwrap().to_owned();
    assert_eq!(
        list(&site, &operator(), &format!("protocol={number}")).await,
        [mine.as_str()]
    );

    site.days_later(16);
    site.post(&operator(), &format!("/requests/{mine}/solicits"), &json!({}))
        .await
        .done(200);
    reply(&site, &hers, "È stata liquidata l'invalidità civile.").await;
    for (query, found) in [
        ("from=2026-11-24", &hers),
        ("to=2026-11-23", &mine),
        ("state=assegnato_sede", &mine),
        ("state=Assegnato+a+Sede", &mine),
        ("state=chiuso+da+funzionario", &hers),
        ("state=chiuso_da_funzionario&scope=office", &hers),
        ("solicited=true", &mine),
        ("solicited=false", &hers),
        ("with_attachments=true", &hers),
        ("with_attachments=false", &mine),
        ("operator=op2", &hers),
        ("unread=true", &hers),
        ("unread=false", &mine),
        ("figure=open", &mine),
        ("figure=closed", &hers),
        ("figure=first_solicit&from=2026-12-09&to=2026-12-09", &mine),
        ("text=perche+PENSI+non", &mine),
        ("text=invalidita+civ", &hers),
        (&format!("text=n.+protocollo+{number}"), &mine),
        (&format!("text={mine}"), &mine),
        (
            "topic=pensioni-paesi-non-convenzionati&text=liquidata&unread=true",
            &hers,
        ),
    ] {
        assert_eq!(list(&site, &operator(), query).await, [found.as_str()], "{query}");
    }
    // topics are found by their labels
    assert_eq!(list(&site, &operator(), "text=paesi+convenzionati").await, all);
    for nothing in [
        "text=marziani",
        "operator=op2&scope=office&from=2027-01-01",
        "topic=assegno-sociale",
        "sede=230001",
    ] {
        assert_eq!(list(&site, &operator(), nothing).await, [""; 0], "{nothing}");
    }
    site.stop().await;
}

#[tokio::test]
async fn mistakes_in_a_question_are_told() {
    let site = Site::start().await;
    for query in [
        "from=yesterday",
        "limit=0",
        "limit=101",
        "cursor=abc",
        "colour=red",
        "text=%3F",
        "state=assegnato",
        "from=2026-12-02&to=2026-12-01",
    ] {
        site.get(&operator(), &format!("/requests?{query}"))
            .await
            .problem(422, "invalid_query");
    }
    let state = json!({"state": "Perso"});
    let wrong = site.post(&operator(), "/requests/search", &state).await;
    let problem = wrong.problem(422, "invalid_body");
    assert_eq!(problem["fields"][0]["pointer"], "/state");
    let known = problem["fields"][0]["message"].as_str().unwrap();
    assert!(known.contains("assegnato_sede (Assegnato a Sede)"), "{known}");
    for (person, query) in [
        (operator(), "scope=sede"),
        (operator(), "office=INCA-RM-002"),
        (officer(SEDE), "scope=office"),
        (manager(), ""),
    ] {
        site.get(&person, &format!("/requests?{query}"))
            .await
            .problem(403, "forbidden");
    }
    let nobody = "/requests/0199c0de-0000-7000-8000-0000000000ff";
    site.get(&operator(), nobody)
        .await
        .problem(404, "request_unknown");
    site.get(&officer(SEDE), "/replies")
        .await
        .problem(403, "forbidden");
    site.stop().await;
}

/// every omocodia form of a codice fiscale finds the same requests, and none stands in an address.
#[tokio::test]
async fn r_091_a_codice_fiscale_finds_requests_in_all_its_forms() {
    let site = Site::start().await;
    let mine = submit_with(&site, &operator(), json!({})).await;
    let forms = "BNCMRA50A01H501U".parse::<CodiceFiscale>().unwrap().forms();
    for form in forms.iter().step_by(25) {
        let body = json!({"codice_fiscale": form});
        assert_eq!(
            ids(&site.post(&operator(), "/requests/search", &body).await.done(200)),
            [mine.as_str()]
        );
    }
    let other = json!({"codice_fiscale": "DLCCHR14A41Z129M"});
    let nothing = site.post(&operator(), "/requests/search", &other).await.done(200);
    assert_eq!(ids(&nothing), [""; 0]);
    let address = "/requests?codice_fiscale=BNCMRA50A01H501U";
    site.get(&operator(), address).await.problem(422, "invalid_query");
    let wrong = json!({"codice_fiscale": "BNCMRA50A01H501X"});
    let wrong = site.post(&operator(), "/requests/search", &wrong).await;
    let problem = wrong.problem(422, "invalid_body");
    assert_eq!(problem["fields"][0]["pointer"], "/codice_fiscale");
    assert!(!problem.to_string().contains("BNCMRA"), "{problem}");
    site.stop().await;
}

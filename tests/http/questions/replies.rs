//! "Risposte ricevute negli ultimi 3 giorni", and who has read what.

use reqwest::Method;
use serde_json::json;
use usciere::domain::codice_fiscale::CodiceFiscale;
use usciere::domain::person::Person;

use super::{ids, list, reply, submit_with};
use crate::harness::{SEDE, Site, answered};
use crate::people::{colleague, of_pomezia, officer, operator};

/// one's own requests answered in the last three days, and whether one has read them.
#[tokio::test]
async fn r_024_recent_replies_are_counted_and_read_by_each_person() {
    let site = Site::start().await;
    let mine = submit_with(&site, &operator(), json!({})).await;
    let hers = submit_with(&site, &colleague(), json!({})).await;
    let panel = async |query: &str| {
        let path = format!("/replies?{query}");
        site.get(&operator(), &path).await.done(200)
    };
    assert_eq!(panel("").await["count"], 0);
    site.days_later(2);
    reply(&site, &mine, "Ecco.").await;
    reply(&site, &hers, "Ecco.").await;
    let seen = panel("days=3").await;
    assert_eq!(ids(&seen), [mine.as_str()]);
    assert_eq!((&seen["count"], &seen["unread"]), (&json!(1), &json!(1)));
    let line = &seen["items"][0];
    assert_eq!(line["state_label"], "Chiuso da Funzionario");
    assert_eq!(line["unread"], true);
    let number = line["protocol_number"].as_str().unwrap();
    for (query, count) in [
        ("from=2026-11-23&to=2026-11-23", 1),
        ("from=2026-11-24", 0),
        ("topic=pensioni-paesi-non-convenzionati", 1),
        ("topic=assegno-sociale", 0),
        (&format!("protocol={number}"), 1),
        ("protocol=INPS.7013.24/02/2021.0000123", 0),
    ] {
        assert_eq!(panel(query).await["count"], count, "{query}");
    }
    let forms = "BNCMRA50A01H501U".parse::<CodiceFiscale>().unwrap().forms();
    for form in [&forms[0], &forms[127]] {
        let body = json!({"codice_fiscale": form});
        let found = site.post(&operator(), "/replies/search", &body).await.done(200);
        assert_eq!(found["count"], 1);
    }

    let read = format!("/requests/{mine}/read");
    let mark = async |person: &Person, method| answered(site.call_as(person, method, &read)).await;
    assert_eq!(mark(&operator(), Method::PUT).await.status, 204);
    assert_eq!(panel("").await["unread"], 0);
    assert_eq!(list(&site, &operator(), "unread=true&scope=mine").await, [""; 0]);
    // the colleague has not read it
    let unread = list(&site, &colleague(), "unread=true").await;
    assert!(unread.len() == 2 && unread.contains(&hers), "{unread:?}");
    assert_eq!(mark(&operator(), Method::DELETE).await.status, 204);
    assert_eq!(panel("").await["unread"], 1);
    assert_eq!(mark(&operator(), Method::PUT).await.status, 204);
    // what the sede has to read is something else, and a new answer is news again
    let message = format!("/requests/{mine}/messages");
    site.post(&operator(), &message, &json!({"text": "E poi?"}))
        .await
        .done(200);
    let query = format!("unread=true&text={mine}");
    assert_eq!(list(&site, &officer(SEDE), &query).await, [mine.as_str()]);
    reply(&site, &mine, "Poi basta.").await;
    assert_eq!(panel("").await["unread"], 1);
    mark(&of_pomezia(), Method::PUT)
        .await
        .problem(404, "request_unknown");

    // still there on the third day after the answer, gone on the fourth
    site.days_later(5);
    assert_eq!(panel("").await["count"], 1);
    site.days_later(6);
    assert_eq!(panel("").await["count"], 0);
    assert_eq!(panel("days=4").await["count"], 1);
    site.stop().await;
}

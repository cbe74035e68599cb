//! The seven figures.

use serde_json::{Value, json};
use usciere::domain::person::Person;

use super::detail::offer;
use super::{ids, list, submit_with};
use crate::harness::{SEDE, Site};
use crate::people::{colleague, of_pomezia, officer, operator};

/// By topic and dates, for oneself, the office, the sede; each figure is the list it opens.
#[tokio::test]
async fn r_112_each_figure_is_the_list_it_opens() {
    let site = Site::start().await;
    let act = async |person: &Person, request: &str, what: &str, body: Value| {
        let path = format!("/requests/{request}/{what}");
        site.post(person, &path, &body).await.done(200);
    };
    let sede = officer(SEDE);
    let [waiting, solicited, answered, booked, enabled, barred] = {
        let mut ids = Vec::new();
        for number in 0..6 {
            let person = if number % 2 == 0 { operator() } else { colleague() };
            ids.push(submit_with(&site, &person, json!({})).await);
        }
        <[String; 6]>::try_from(ids).unwrap()
    };
    submit_with(&site, &of_pomezia(), json!({})).await;
    site.days_later(4);
    act(&sede, &answered, "reply", json!({"text": "Sì."})).await;
    act(
        &sede,
        &enabled,
        "enable-appointment",
        json!({"reason": "Serve una firma."}),
    )
    .await;
    act(&sede, &barred, "close", json!({"reason": "Fuori competenza."})).await;
    site.days_later(16);
    site.node.engine.sweep().await.unwrap();
    act(&operator(), &waiting, "solicits", json!({})).await;
    act(&colleague(), &solicited, "solicits", json!({})).await;
    act(
        &colleague(),
        &booked,
        "appointments",
        json!({"wish": "di mattina"}),
    )
    .await;
    site.days_later(32);
    act(&operator(), &solicited, "solicits", json!({})).await;

    let office = site.get(&operator(), "/statistics?scope=office").await.done(200);
    let figures = office["figures"].as_array().unwrap();
    let counts: Vec<(&str, u64)> = figures
        .iter()
        .map(|one| (one["figure"].as_str().unwrap(), one["count"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("open", 4),
        ("overdue", 4),
        ("first_solicit", 2),
        ("second_solicit", 1),
        ("closed", 2),
        ("appointment_enabled", 4),
        ("appointment", 1),
    ];
    assert_eq!(counts, expected);
    assert_eq!(
        office["reply_times"],
        json!({"replies": 2, "median_days": 4.0, "p90_days": 4.0})
    );
    assert_eq!(
        office["note"],
        "È possibile prenotare un appuntamento solo per le proprie richieste"
    );

    for (person, query) in [
        (operator(), "scope=mine"),
        (operator(), "scope=office&from=2026-12-01"),
        (
            colleague(),
            "scope=office&to=2026-12-31&topic=pensioni-paesi-non-convenzionati",
        ),
        (colleague(), "scope=office&topic=assegno-sociale"),
        (sede.clone(), "scope=sede"),
        (sede.clone(), "scope=mine&from=2026-11-23&to=2026-12-25"),
    ] {
        let statistics = site.get(&person, &format!("/statistics?{query}")).await.done(200);
        for figure in statistics["figures"].as_array().unwrap() {
            let address = figure["list"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
            let list = site.get(&person, address).await.done(200);
            assert_eq!(
                list["total"],
                json!({"count": figure["count"], "exact": true}),
                "{address}"
            );
            assert_eq!(
                ids(&list).len() as u64,
                figure["count"].as_u64().unwrap(),
                "{address}"
            );
        }
    }

    only_senders_book_what_is_enabled(&site).await;
    site.stop().await;
}

/// enabled are those whose sender may book by the rules the engine decides by.
async fn only_senders_book_what_is_enabled(site: &Site) {
    let enabled_now = list(site, &operator(), "figure=appointment_enabled").await;
    for request in list(site, &operator(), "").await {
        let path = format!("/requests/{request}");
        let offers = [operator(), colleague()].map(async |person: Person| {
            let detail = site.get(&person, &path).await.done(200);
            let own = detail["operator"]["id"] == person.id.as_str();
            (own, offer(&detail, "request.book")["allowed"] == true)
        });
        for offered in offers {
            let (own, allowed) = offered.await;
            assert_eq!(allowed, own && enabled_now.contains(&request), "{request}");
        }
    }
}

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
    site.node.engine.sweep(|| false).await.unwrap();
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

    // Enabled are those whose sender may book by the rules the engine decides by.
    let enabled_now = list(&site, &operator(), "figure=appointment_enabled").await;
    for request in list(&site, &operator(), "").await {
        for person in [operator(), colleague()] {
            let detail = site.get(&person, &format!("/requests/{request}")).await.done(200);
            let own = detail["operator"]["id"] == person.id.as_str();
            let allowed = offer(&detail, "request.book")["allowed"] == true;
            assert_eq!(allowed, own && enabled_now.contains(&request), "{request}");
        }
    }
    as_the_command_line_tells(&site).await;
    site.stop().await;
}

/// `usciere stats` counts the same: of the office, of one operator, of a sede, of some days and a topic.
async fn as_the_command_line_tells(site: &Site) {
    let office = ["--patronato", "inca", "--office", "INCA-RM-001"];
    let with = |more: &[&'static str]| [&office, more].concat();
    for (person, query, options) in [
        (operator(), "scope=office", with(&[])),
        (operator(), "scope=mine", with(&["--operator", "op1"])),
        (officer(SEDE), "scope=sede", vec!["--sede", SEDE]),
        (
            operator(),
            "scope=office&from=2026-12-01&to=2026-12-31",
            with(&["--from", "2026-12-01", "--to", "2026-12-31"]),
        ),
        (
            operator(),
            "scope=office&topic=assegno-sociale",
            with(&["--topic", "assegno-sociale"]),
        ),
    ] {
        let asked = site.get(&person, &format!("/statistics?{query}")).await.done(200);
        let told: Value =
            serde_json::from_slice(&site.usciere(&[&["stats", "-o", "json"], options.as_slice()].concat()))
                .unwrap();
        for figure in asked["figures"].as_array().unwrap() {
            let name = figure["figure"].as_str().unwrap();
            assert_eq!(told[0][name], figure["count"], "{name} of {options:?}");
        }
        for field in ["replies", "median_days", "p90_days"] {
            assert_eq!(
                told[0][field], asked["reply_times"][field],
                "{field} of {options:?}"
            );
        }
    }
}

/// How many requests a figure counts.
async fn figure(site: &Site, person: &Person, name: &str, query: &str) -> Value {
    let asked = site.get(person, &format!("/statistics?{query}")).await.done(200);
    let mut figures = asked["figures"].as_array().unwrap().iter();
    figures.find(|one| one["figure"] == name).unwrap()["count"].clone()
}

/// by topic, from a day, to a day, each alone and together. R-111: one's own requests, and those of the office.
#[tokio::test]
async fn r_110_r_111_figures_are_narrowed_by_topic_days_and_scope() {
    let site = Site::start().await;
    let social = json!({"topic": "assegno-sociale"});
    submit_with(&site, &operator(), json!({})).await;
    submit_with(&site, &colleague(), social.clone()).await;
    submit_with(&site, &of_pomezia(), social.clone()).await;
    site.days_later(3);
    submit_with(&site, &colleague(), social).await;
    for (person, query, count) in [
        (operator(), "scope=office", 3),
        (operator(), "scope=mine", 1),
        (colleague(), "scope=mine", 2),
        (of_pomezia(), "scope=office", 1),
        (operator(), "scope=office&topic=assegno-sociale", 2),
        (operator(), "scope=mine&topic=assegno-sociale", 0),
        (operator(), "scope=office&from=2026-11-24", 1),
        (operator(), "scope=office&to=2026-11-25", 2),
        (operator(), "scope=office&from=2026-11-23&to=2026-11-23", 2),
        (operator(), "scope=office&to=2026-11-23&topic=assegno-sociale", 1),
        (officer(SEDE), "scope=sede", 4),
        (officer(SEDE), "scope=sede&topic=assegno-sociale&to=2026-11-23", 2),
        (officer("700000"), "scope=sede", 0),
    ] {
        assert_eq!(
            figure(&site, &person, "open", query).await,
            count,
            "{}: {query}",
            person.id
        );
    }
    // What is said by no word: of the office for its members, and never another's.
    assert_eq!(figure(&site, &operator(), "open", "").await, 3);
    for (person, query) in [(operator(), "scope=sede"), (officer(SEDE), "scope=office")] {
        let answer = site.get(&person, &format!("/statistics?{query}")).await;
        answer.problem(403, "forbidden");
    }
    let backwards = site
        .get(&operator(), "/statistics?from=2026-12-02&to=2026-12-01")
        .await;
    backwards.problem(422, "invalid_query");
    site.stop().await;
}

/// all of the office's requests are seen by each of it, and booked by their senders alone.
#[tokio::test]
async fn r_113_r_114_an_office_sees_all_its_requests_and_books_each_by_its_sender() {
    let site = Site::start().await;
    let mine = submit_with(&site, &operator(), json!({})).await;
    let hers = submit_with(&site, &colleague(), json!({})).await;
    site.days_later(16);
    let mut all = [mine.clone(), hers.clone()];
    all.sort_unstable();
    let wish = json!({"wish": "di mattina"});
    let book = async |person: &Person, request: &str| {
        let path = format!("/requests/{request}/appointments");
        site.post(person, &path, &wish).await
    };
    for (person, own, other) in [(operator(), &mine, &hers), (colleague(), &hers, &mine)] {
        let mut seen = list(&site, &person, "scope=office").await;
        seen.sort_unstable();
        assert_eq!(seen, all);
        let detail = site.get(&person, &format!("/requests/{other}")).await.done(200);
        let offered = offer(&detail, "request.book");
        assert_eq!(
            (&offered["allowed"], &offered["code"]),
            (&json!(false), &json!("not_sender"))
        );
        book(&person, other).await.problem(403, "not_sender");
        let detail = site.get(&person, &format!("/requests/{own}")).await.done(200);
        assert_eq!(offer(&detail, "request.book")["allowed"], true);
    }
    assert_eq!(figure(&site, &operator(), "appointment", "scope=office").await, 0);
    book(&operator(), &mine).await.done(200);
    assert_eq!(
        figure(&site, &colleague(), "appointment", "scope=office").await,
        1
    );
    assert_eq!(figure(&site, &colleague(), "appointment", "scope=mine").await, 0);
    let statistics = site.get(&colleague(), "/statistics").await.done(200);
    let note = "È possibile prenotare un appuntamento solo per le proprie richieste";
    assert_eq!(statistics["note"], note);
    site.stop().await;
}

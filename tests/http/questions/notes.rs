//! What a sede writes for itself: no answer that somebody of a patronato gets holds any of it.

use reqwest::Method;
use serde_json::{Value, json};
use usciere::domain::person::Person;

use super::events::{BEGINNING, Watcher};
use super::{list, reply, submit_with};
use crate::described::routes;
use crate::harness::{Answer, SEDE, Site, answered};
use crate::people::{colleague, officer, operator, referent};
use crate::readers::found;

/// Stands in the note alone.
const MARK: &str = "zqnotainterna";

/// The whole text of an answer: as it travels, and as a reader sees what is compressed in it.
fn whole(answer: &Answer) -> String {
    let bytes = answer.text();
    match answer.header("content-type") {
        "application/pdf" => bytes + &found("pdf", &answer.bytes).to_string(),
        spreadsheet if spreadsheet.contains("spreadsheetml") => {
            bytes + &found("xlsx", &answer.bytes).to_string()
        }
        _ => bytes,
    }
}

/// Every question there is about a request, as the document lists them: method, path, body.
fn questions(request: &str) -> Vec<(Method, String, Value)> {
    let known = routes().into_iter().filter_map(|(method, route)| {
        let path = route.strip_prefix("/api/v1")?.replace("{id}", request);
        // Commands change something, and only sedi have hours; files are named by what is in them.
        let question = method == Method::GET || path.contains("/search");
        (question && !path.contains('{')).then_some((method, path, json!({})))
    });
    known.collect()
}

/// The events a watcher is told from the beginning of time to the last one.
async fn told(site: &Site, person: &Person, last: &str) -> Vec<String> {
    let mut watcher = Watcher::start(site, person, Some(BEGINNING)).await;
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != last) {
        kinds.extend(watcher.kinds(1).await.into_iter().map(|(_, kind)| kind));
        assert!(!watcher.heard().contains(MARK));
    }
    kinds
}

#[tokio::test]
async fn no_answer_to_a_member_of_a_patronato_holds_a_note() {
    let site = Site::start().await;
    let request = submit_with(&site, &operator(), json!({})).await;
    let path = format!("/requests/{request}");
    let sede = officer(SEDE);
    let note = json!({"text": format!("{MARK}: sentire l'archivio.")});
    for (command, body) in [("take", json!({})), ("notes", note)] {
        site.post(&sede, &format!("{path}/{command}"), &body)
            .await
            .done(200);
    }
    reply(&site, &request, "Ecco.").await;
    let further = json!({"text": "E poi?"});
    let sent = site
        .post(&operator(), &format!("{path}/messages"), &further)
        .await;
    sent.done(200);
    assert!(!whole(&sent).contains(MARK));

    let questions = questions(&request);
    let ask = async |person: &Person, method: &Method, path: &str, body: &Value| {
        let call = site.call_as(person, method.clone(), path);
        let call = if *method == Method::GET {
            call
        } else {
            call.json(body)
        };
        answered(call).await
    };
    let (mut shown, mut to_sede) = (Vec::new(), Vec::new());
    for (method, path, body) in &questions {
        for person in [operator(), colleague(), referent()] {
            let answer = ask(&person, method, path, body).await;
            assert!(!whole(&answer).contains(MARK), "{}: {path}", person.id);
            if answer.status == 200 && person.id == operator().id {
                shown.push(path.replace(&request, "{id}"));
            }
        }
        if whole(&ask(&sede, method, path, body).await).contains(MARK) {
            to_sede.push(path.replace(&request, "{id}"));
        }
    }
    // What was asked answered, and the sede finds its note where it should: otherwise nothing was proven.
    for question in [
        "/requests",
        "/requests/{id}",
        "/requests/{id}/summary.html",
        "/requests/{id}/summary.pdf",
        "/requests/export.csv",
        "/requests/export.xlsx",
        "/requests/search",
        "/requests/search/export.xlsx",
        "/replies",
        "/replies/search",
        "/statistics",
    ] {
        assert!(
            shown.iter().any(|path| path == question),
            "{question} among {shown:?}"
        );
    }
    to_sede.sort_unstable();
    let summaries = [
        "/requests/{id}",
        "/requests/{id}/summary.html",
        "/requests/{id}/summary.pdf",
    ];
    assert_eq!(to_sede, summaries);

    assert_eq!(list(&site, &operator(), &format!("text={MARK}")).await, [""; 0]);
    let members = ["submitted", "assigned", "replied", "messaged"];
    assert_eq!(told(&site, &colleague(), "messaged").await, members);
    let sedes = ["submitted", "assigned", "taken", "noted", "replied", "messaged"];
    assert_eq!(told(&site, &sede, "messaged").await, sedes);
    site.stop().await;
}

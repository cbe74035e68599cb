//! What happens, told as it happens.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use usciere::domain::person::Person;

use super::reply;
use crate::harness::{SEDE, Site};
use crate::node::PATIENCE;
use crate::people::{of_pomezia, officer, operator};

/// An id before everything that ever happened.
pub(crate) const BEGINNING: &str = "0.00000000000000000000000000000000.0";

/// A stream as its watcher reads it.
pub(crate) struct Watcher {
    response: Response,
    /// What was not taken yet.
    read: String,
    /// All of it.
    heard: String,
}

/// One event.
#[derive(Debug)]
pub(crate) struct Told {
    id: String,
    pub(crate) event: String,
    pub(crate) data: Value,
}

impl Watcher {
    /// From now on, or from where another one was cut off.
    pub(crate) async fn start(site: &Site, person: &Person, since: Option<&str>) -> Self {
        let mut call = site.call_as(person, Method::GET, "/events");
        if let Some(since) = since {
            call = call.header("last-event-id", since);
        }
        let response = call.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            read: String::new(),
            heard: String::new(),
        }
    }

    /// The next event; `None` at the end of the stream. Signs of life are passed over.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim().to_owned())
                };
                let told = field("event:").map(|event| Told {
                    id: field("id:").unwrap(),
                    event,
                    data: serde_json::from_str(&field("data:").unwrap()).unwrap(),
                });
                let rest = rest.to_owned();
                self.read = rest;
                if told.is_some() {
                    return told;
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk());
            let chunk = chunk.await.expect("an event comes").expect("a whole stream")?;
            let chunk = std::str::from_utf8(&chunk).unwrap();
            self.read.push_str(chunk);
            self.heard.push_str(chunk);
        }
    }

    /// Everything that was sent so far.
    pub(crate) fn heard(&self) -> &str {
        &self.heard
    }

    pub(super) async fn kinds(&mut self, count: usize) -> Vec<(String, String)> {
        let mut kinds = Vec::new();
        while kinds.len() < count {
            let told = self.next().await.unwrap();
            // What happened shortly before may come after it: a transaction elsewhere was still open.
            if told.event == "ready" {
                continue;
            }
            kinds.push((told.event, told.data["event"].as_str().unwrap().to_owned()));
        }
        kinds
    }
}

fn pairs(kinds: &[(&str, &str)]) -> Vec<(String, String)> {
    kinds
        .iter()
        .map(|(event, kind)| ((*event).to_owned(), (*kind).to_owned()))
        .collect()
}

#[tokio::test]
async fn replies_and_changes_are_told_to_whom_they_concern_and_nothing_is_missed() {
    let site = Site::start().await;
    let mut office = Watcher::start(&site, &operator(), None).await;
    let mut others = Watcher::start(&site, &of_pomezia(), None).await;
    let mut sede = Watcher::start(&site, &officer(SEDE), None).await;
    for watcher in [&mut office, &mut others, &mut sede] {
        assert_eq!(watcher.next().await.unwrap().event, "ready");
    }
    let path = site.submit(&operator()).await;
    let id = path.rsplit('/').next().unwrap();
    let note = json!({"text": "Sentire Foresti."});
    site.post(&officer(SEDE), &format!("{path}/notes"), &note)
        .await
        .done(200);
    reply(&site, id, "Ecco.").await;

    let opened = [("change", "submitted"), ("change", "assigned")];
    assert_eq!(office.kinds(2).await, pairs(&opened));
    let told = office.next().await.unwrap();
    assert_eq!(
        (told.event.as_str(), &told.data["event"]),
        ("reply", &json!("replied"))
    );
    assert_eq!(
        told.data,
        json!({"request_id": id, "event": "replied", "seq": 4, "news": true})
    );
    assert_eq!(sede.kinds(2).await, pairs(&opened));
    let kinds = [("change", "noted"), ("reply", "replied")];
    assert_eq!(sede.kinds(2).await, pairs(&kinds));

    // cut off, and back: what happened meanwhile comes first
    drop(office);
    let message = json!({"text": "E poi?"});
    site.post(&operator(), &format!("{path}/messages"), &message)
        .await
        .done(200);
    let mut again = Watcher::start(&site, &operator(), Some(&told.id)).await;
    assert_eq!(again.kinds(1).await, pairs(&[("change", "messaged")]));
    site.submit(&of_pomezia()).await;
    assert_eq!(others.kinds(2).await, pairs(&opened));

    let wrong = site.call_as(&operator(), Method::GET, "/events");
    let wrong = wrong.header("last-event-id", "yesterday").send().await.unwrap();
    assert_eq!(wrong.status(), 422);
    // the streams end with the node
    site.stop().await;
    while again.next().await.is_some() {}
    while sede.next().await.is_some() {}
}

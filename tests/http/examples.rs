//! The examples of the descriptions, run in an order that makes sense: each must do what the description says.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use usciere::domain::person::Person;

use crate::harness::{SEDE, Site, answered};
use crate::node::PATIENCE;
use crate::people::{officer, operator};

/// Who sends a command.
#[derive(Clone, Copy)]
enum Hand {
    Operator,
    Sede(&'static str),
}

impl Hand {
    fn person(self) -> Person {
        match self {
            Self::Operator => operator(),
            Self::Sede(sede) => officer(sede),
        }
    }

    fn routing_key(self, command: &str) -> String {
        match self {
            Self::Operator => format!("portal.inca.{command}"),
            Self::Sede(sede) => format!("sede.{sede}.{command}"),
        }
    }
}

const LANCIANO: &str = "230001";
const DESK: &str = "lineainps";
/// What that desk answers itself.
const FIRST_LEVEL: &str = "pin-cittadini";

/// Before this one, time goes by.
const WAITED_FOR: &str = "request.solicit";

/// The life of the request in the examples.
const STORY: [(&str, Hand); 14] = [
    ("request.attach", Hand::Operator),
    ("request.take", Hand::Sede(SEDE)),
    ("request.note", Hand::Sede(SEDE)),
    ("request.release", Hand::Sede(SEDE)),
    ("request.transfer", Hand::Sede(SEDE)),
    (WAITED_FOR, Hand::Operator),
    ("request.book", Hand::Operator),
    ("appointment.confirm", Hand::Sede(LANCIANO)),
    ("appointment.cancel", Hand::Sede(LANCIANO)),
    ("request.enable_appointment", Hand::Sede(LANCIANO)),
    ("request.reply", Hand::Sede(LANCIANO)),
    ("request.message", Hand::Operator),
    ("request.close", Hand::Sede(LANCIANO)),
    ("request.assign", Hand::Sede(DESK)),
];

/// The operations of the document that have an example, by their name: method, path, body, statuses of success.
fn examples(document: &Value) -> Vec<(String, String, Value, BTreeSet<u16>)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let example = &operation["requestBody"]["content"]["application/json"]["example"];
            if example.is_null() {
                continue;
            }
            let statuses = operation["responses"].as_object().unwrap().keys();
            let good = statuses
                .filter_map(|status| status.parse().ok())
                .filter(|status| *status < 300);
            let id = operation["operationId"].as_str().unwrap().to_owned();
            found.push((id, path.clone(), example.clone(), good.collect()));
        }
    }
    found
}

#[tokio::test]
async fn every_example_of_the_openapi_document_does_what_it_says() {
    let site = Site::start().await;
    let document = answered(site.raw(Method::GET, "/openapi.json")).await.done(200);
    let examples = examples(&document);
    let mut run = BTreeSet::new();
    let mut send = async |command: &str, person: Person, id: &str, more: Value| {
        let name = command.replace('.', "_");
        let (_, path, body, good) = examples.iter().find(|(id, ..)| *id == name).unwrap();
        let mut body = body.clone();
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let path = path.replace("{id}", id);
        let call = site
            .raw(Method::POST, &path)
            .bearer_auth(site.token(&person))
            .json(&body);
        let answer = answered(call).await;
        let text = String::from_utf8_lossy(&answer.bytes);
        assert!(
            good.contains(&answer.status),
            "{command}: {} {text}",
            answer.status
        );
        run.insert(name);
        answer.json()["request_id"].as_str().unwrap_or(id).to_owned()
    };
    let id = send("request.submit", operator(), "", json!({})).await;
    let at_desk = send("request.submit", operator(), "", json!({ "topic": FIRST_LEVEL })).await;
    for (command, hand) in STORY {
        if command == WAITED_FOR {
            site.days_later(16);
        }
        let id = if command == "request.assign" {
            &at_desk
        } else {
            &id
        };
        send(command, hand.person(), id, json!({})).await;
    }
    let all: BTreeSet<String> = examples.iter().map(|(id, ..)| id.clone()).collect();
    assert_eq!(run, all, "every example is run");
    site.stop().await;
}

#[tokio::test]
async fn every_example_of_the_asyncapi_document_does_what_it_says() {
    let site = Site::start().await;
    let document = usciere::schema::asyncapi("usciere");
    let example = |command: &str| {
        let message = &document["components"]["messages"][command.replace('.', "_")];
        message["examples"][0]["payload"].clone()
    };
    let mut sent = 0;
    let mut publish = async |command: &str, hand: Hand, more: Value| {
        let mut body = example(command);
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        sent += 1;
        let (key, id) = (hand.routing_key(command), format!("example-{sent}"));
        site.outsider.send(&id, &key, &body).await;
        let outcome = outcome(&site, &id).await;
        assert_eq!(outcome, "done", "{command}");
    };
    let other = json!({ "request_id": "0199c0de-0000-7000-8000-000000000002" });
    publish("request.submit", Hand::Operator, json!({})).await;
    let mut at_desk = other.clone();
    at_desk["topic"] = json!(FIRST_LEVEL);
    publish("request.submit", Hand::Operator, at_desk).await;
    for (command, hand) in STORY {
        if command == WAITED_FOR {
            site.days_later(16);
        }
        let more = if command == "request.assign" {
            other.clone()
        } else {
            json!({})
        };
        publish(command, hand, more).await;
    }
    site.stop().await;
}

/// What became of a message, once it is worked.
async fn outcome(site: &Site, message_id: &str) -> String {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let found: Option<String> = sqlx::query_scalar("select outcome from inbox where message_id = $1")
            .bind(message_id)
            .fetch_optional(&site.pool)
            .await
            .unwrap();
        if let Some(outcome) = found {
            return outcome;
        }
        let dead: Option<String> = sqlx::query_scalar("select reason from dead_letter where message_id = $1")
            .bind(message_id)
            .fetch_optional(&site.pool)
            .await
            .unwrap();
        assert_eq!(dead, None, "{message_id} is dead");
        assert!(
            tokio::time::Instant::now() < deadline,
            "{message_id} is not worked"
        );
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

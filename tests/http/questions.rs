//! What a portal and a back-office ask: lists, one request, recent replies, figures, what happens.

mod detail;
pub(crate) mod events;
mod home;
mod lists;
mod notes;
mod replies;
mod rows;
mod statistics;

use serde_json::{Value, json};
use usciere::domain::person::Person;

use crate::harness::{SEDE, Site, submission};
use crate::people::officer;

/// The ids of a list, in its order.
fn ids(listing: &Value) -> Vec<String> {
    let items = listing["items"].as_array().unwrap();
    items
        .iter()
        .map(|line| line["request_id"].as_str().unwrap().to_owned())
        .collect()
}

/// The id at the end of a request's path.
fn id(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

async fn list(site: &Site, person: &Person, query: &str) -> Vec<String> {
    ids(&site.get(person, &format!("/requests?{query}")).await.done(200))
}

async fn submit_with(site: &Site, person: &Person, more: Value) -> String {
    let mut body = submission();
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let answer = site.post(person, "/requests", &body).await.done(201);
    answer["request_id"].as_str().unwrap().to_owned()
}

async fn reply(site: &Site, request: &str, text: &str) {
    let path = format!("/requests/{request}/reply");
    site.post(&officer(SEDE), &path, &json!({"text": text}))
        .await
        .done(200);
}

//! What a sede was sent, asked for by a back-office that misses a number.

use serde_json::{Value, json};

use crate::harness::{SEDE, Site};
use crate::outsider::Received;
use crate::people::{manager, officer, operator};

fn column(answer: &Value, field: &str) -> Vec<Value> {
    let items = answer["items"].as_array().unwrap();
    items.iter().map(|item| item[field].clone()).collect()
}

#[tokio::test]
async fn a_sede_asks_again_for_what_it_was_sent_and_for_nothing_else() {
    let site = Site::start().await;
    let path = site.submit(&operator()).await;
    let file = json!({"attachments": [{"name": "a.txt", "content_base64": "Y2lhbw=="}]});
    site.post(&operator(), &format!("{path}/attachments"), &file)
        .await
        .done(200);
    let away = json!({"sede": "230001", "reason": "competenza"});
    site.post(&officer(SEDE), &format!("{path}/transfer"), &away)
        .await
        .done(200);
    let queue = format!("sede.{SEDE}");
    let mut came = Vec::new();
    for _ in 0..3 {
        came.push(site.next(&queue).await);
    }

    let deliveries = format!("{path}/deliveries");
    let all = site.get(&officer(SEDE), &deliveries).await.done(200);
    assert_eq!(column(&all, "case_seq"), [1, 2, 3]);
    assert_eq!(
        column(&all, "type"),
        ["request.assigned", "request.attached", "request.revoked"]
    );
    let bodies: Vec<Value> = came.iter().map(|told| told.body.clone()).collect();
    assert_eq!(column(&all, "body"), bodies, "the same as in the queue");
    let causes: Vec<String> = came.iter().map(Received::causation_id).collect();
    assert_eq!(column(&all, "causation_id"), causes);
    let ids: Vec<&str> = came.iter().map(|told| told.message_id.as_str()).collect();
    assert_eq!(column(&all, "message_id"), ids);

    let missing = site
        .get(&officer(SEDE), &format!("{deliveries}?from=3"))
        .await
        .done(200);
    assert_eq!(column(&missing, "case_seq"), [3]);
    let there = site.get(&officer("230001"), &deliveries).await.done(200);
    assert_eq!(column(&there, "type"), ["request.assigned"], "each sede its own");
    site.get(&officer("090000"), &deliveries)
        .await
        .problem(404, "request_unknown");
    for nobody in [operator(), manager()] {
        site.get(&nobody, &deliveries).await.problem(403, "forbidden");
    }
    site.get(&officer(SEDE), &format!("{deliveries}?from=x"))
        .await
        .problem(422, "invalid_query");
    site.stop().await;
}

//! What order a portal may count on (docs/consumer-contract.md): its commands are decided in the order in which their
//! outcomes let it send them; one that comes before its time is told so, and harms nothing.

use serde_json::json;

use crate::world::{World, by_operator, request, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_overtakes_its_request_is_refused_and_may_be_sent_anew() {
    let world = World::start().await;
    let body = request();
    let id = body["request_id"].as_str().unwrap().parse().unwrap();
    let file = json!({"attachments": [{"name": "a.txt", "content_base64": "Y2lhbw=="}]});
    let attach = with(by_operator(id), file);
    let early = world.refused("portal.inca.request.attach", &attach).await;
    assert_eq!(early.text("code"), "request_unknown");
    world.send("portal.inca.request.submit", &body).await;
    assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    // The old id would get the old answer.
    world.send("portal.inca.request.attach", &attach).await;
    assert_eq!(world.next("portal.inca").await.kind, "attachment.added");
    world.settle().await;
    let kept = "select (select count(*) from dead_letter) + (select count(*) from parked_command)";
    assert_eq!(world.count(kept).await, 0);
}

/// One publisher, three nodes: whatever node a command comes to, those of one request that may follow each other are
/// numbered for the sede without a gap.
#[tokio::test(flavor = "multi_thread")]
async fn whichever_node_decides_the_sede_gets_one_order_without_gaps() {
    let mut world = World::start().await;
    world.add_node().await;
    world.add_node().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let body = with(request(), json!({"sede": "230001"}));
        world.send("portal.inca.request.submit", &body).await;
        ids.push(body["request_id"].as_str().unwrap().parse().unwrap());
    }
    for _ in &ids {
        assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    }
    let file = json!({"attachments": [{"name": "a.txt", "content_base64": "Y2lhbw=="}]});
    for _ in 0..3 {
        for id in &ids {
            let attach = with(by_operator(*id), file.clone());
            world.send("portal.inca.request.attach", &attach).await;
        }
    }
    world.settle().await;
    let mut last = std::collections::BTreeMap::new();
    for _ in 0..20 {
        let message = world.next("sede.230001").await;
        let before = last.entry(message.text("request_id").to_owned()).or_insert(0);
        assert_eq!(message.case_seq(), Some(*before + 1));
        *before += 1;
    }
    assert!(last.values().all(|seq| *seq == 4), "{last:?}");
}

//! What those who run usciere see and do over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{SEDE, Site, answered, submission, until};
use crate::people::{manager, officer, operator};

impl Site {
    /// What a manager asks to be done.
    pub(crate) async fn order(&self, path: &str, body: Value) -> crate::harness::Answer {
        self.post(&manager(), path, &body).await
    }
}

#[tokio::test]
async fn only_managers_enter_and_they_read_no_request() {
    let site = Site::start().await;
    for path in [
        "/dead-letters",
        "/queues",
        "/jobs",
        "/workflows",
        "/mails",
        "/nodes",
    ] {
        site.get(&operator(), path).await.problem(403, "forbidden");
        site.get(&officer(SEDE), path).await.problem(403, "forbidden");
        let nobody = answered(site.call(Method::GET, path)).await;
        nobody.problem(401, "unauthorized");
        site.get(&manager(), path).await.done(200);
    }
    site.post(&manager(), "/requests", &submission())
        .await
        .problem(403, "forbidden");
    site.stop().await;
}

#[tokio::test]
async fn a_queue_is_held_and_let_go() {
    let site = Site::start().await;
    let queue = format!("sede.{SEDE}");
    let line = async || {
        let queues = site.get(&manager(), "/queues").await.done(200);
        let mut items = queues["items"].as_array().unwrap().clone();
        items.retain(|line| line["queue"] == queue);
        items.pop().unwrap()
    };
    assert_eq!(
        (&line().await["declared"], &line().await["paused"]),
        (&json!(true), &Value::Null)
    );
    let pause = format!("/queues/{queue}/pause");
    let far = json!({"until": "2100-01-01T00:00:00Z", "note": "lavori"});
    assert_eq!(site.order(&pause, far).await.done(200)["by"], "gestore1");
    until("the pause", async || {
        site.node.held.borrow().hold(&queue).then_some(())
    })
    .await;
    site.submit(&operator()).await;
    let held = line().await;
    assert_eq!(
        (&held["unsent"], &held["messages"], &held["paused"]["note"]),
        (&json!(1), &json!(0), &json!("lavori"))
    );

    let resume = format!("/queues/{queue}/resume");
    assert_eq!(site.order(&resume, json!({})).await.status, 204);
    assert_eq!(site.next(&queue).await.kind, "request.assigned");
    site.order(&resume, json!({})).await.problem(409, "not_paused");
    site.order("/queues/sede.999999/pause", json!({}))
        .await
        .problem(404, "unknown");
    site.order("/queues/sede.999999/resume", json!({}))
        .await
        .problem(404, "unknown");
    let past = json!({"until": "2020-01-01T00:00:00Z"});
    site.order(&pause, past).await.problem(422, "invalid_body");
    site.stop().await;
}

#[tokio::test]
async fn jobs_are_run_held_and_let_go() {
    let site = Site::start().await;
    let job = async |name: &str| {
        let jobs = site.get(&manager(), "/jobs").await.done(200);
        let mut items = jobs["items"].as_array().unwrap().clone();
        items.retain(|job| job["name"] == name);
        items.pop()
    };
    let janitor = until("the janitor", async || job("janitor").await).await;
    assert_eq!(janitor["next"].as_array().unwrap().len(), 5);
    let held = site
        .order("/jobs/janitor/pause", json!({"note": "prova"}))
        .await
        .done(200);
    assert_eq!(
        (&held["paused_by"], &held["next"]),
        (&json!("gestore1"), &json!([]))
    );
    let asked = site.order("/jobs/janitor/run", json!({})).await.done(202);
    until("the end of the run", async || {
        let history = site
            .get(&manager(), "/jobs/janitor/history?limit=1")
            .await
            .done(200);
        let run = &history["items"][0];
        assert_eq!(
            (&run["asked_by"], &run["scheduled_for"]),
            (&json!("gestore1"), &asked["scheduled_for"])
        );
        (run["result"] == "done").then_some(())
    })
    .await;
    assert_eq!(
        site.order("/jobs/janitor/resume", json!({})).await.done(200)["paused"],
        false
    );
    site.order("/jobs/janitor/resume", json!({}))
        .await
        .problem(409, "not_paused");
    site.order("/jobs/nessuno/run", json!({}))
        .await
        .problem(404, "unknown");
    site.get(&manager(), "/jobs/nessuno/history")
        .await
        .problem(404, "unknown");
    site.stop().await;
}

#[tokio::test]
async fn workflows_are_listed_checked_and_drawn_with_live_counts() {
    let site = Site::start().await;
    site.submit(&operator()).await;
    let listed = site.get(&manager(), "/workflows").await.done(200);
    let names: Vec<&Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["name"])
        .collect();
    assert_eq!(names, ["quesito", "richiesta"]);
    assert_eq!(listed["items"][1]["released"], true);
    let checked = site.get(&manager(), "/workflows/check").await.done(200);
    assert_eq!(checked["problems"], json!([]));
    let drawn = site.get(&manager(), "/workflows/richiesta.v1/graph").await;
    assert_eq!(
        (drawn.status, drawn.header("content-type")),
        (200, "image/svg+xml")
    );
    assert!(String::from_utf8_lossy(&drawn.bytes).contains("1 richiesta"));
    let drawn = site
        .get(&manager(), "/workflows/richiesta.v1/graph?format=mermaid")
        .await;
    assert!(String::from_utf8_lossy(&drawn.bytes).contains("stateDiagram"));
    site.get(&manager(), "/workflows/richiesta.v9/graph")
        .await
        .problem(404, "unknown");
    site.stop().await;
}

#[tokio::test]
async fn mails_are_listed_to_nobody_and_sent_once() {
    let site = Site::start().await;
    let path = site.submit(&operator()).await;
    site.post(
        &officer(SEDE),
        &format!("{path}/reply"),
        &json!({"text": "Accolta."}),
    )
    .await
    .done(200);
    let mail = until("the mail", async || {
        let listed = site.get(&manager(), "/mails?state=sent").await.done(200);
        listed["items"].get(0).cloned()
    })
    .await;
    assert_eq!(
        (&mail["kind"], &mail["recipient"]),
        (&json!("reply"), &json!("o***@inca.example"))
    );
    let retry = format!("/mails/{}/retry", mail["id"]);
    site.order(&retry, json!({})).await.problem(409, "not_waiting");
    site.order("/mails/17000/retry", json!({}))
        .await
        .problem(404, "unknown");
    assert_eq!(
        site.order("/mails/retry", json!({})).await.done(202)["ids"],
        json!([])
    );
    site.stop().await;
}

#[tokio::test]
async fn living_nodes_are_told() {
    let site = Site::start().await;
    let nodes = until("its buckets", async || {
        let nodes = site.get(&manager(), "/nodes").await.done(200);
        (nodes["items"][0]["buckets"].as_i64() > Some(0)).then_some(nodes)
    })
    .await;
    assert_eq!(nodes["items"].as_array().unwrap().len(), 1);
    assert_eq!(nodes["items"][0]["name"], site.node.name.as_str());
    site.stop().await;
}

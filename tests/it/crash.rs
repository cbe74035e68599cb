//! `kill -9` under load: nothing lost, nothing done twice, nothing personal in the logs.

use std::collections::{BTreeMap, BTreeSet};

use crate::program::Program;
use crate::world::{SEDE, World, by_officer, request, with};

#[tokio::test(flavor = "multi_thread")]
async fn killed_nodes_lose_nothing_and_do_nothing_twice() {
    let mut world = World::start().await;
    world.stop().await; // its node declared the topology; from here on only the program runs
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut sent = BTreeSet::new();
    for round in 0..4 {
        let program = Program::start(&world, &log);
        let before = world.count("select count(*) from cases").await;
        for _ in 0..150 {
            let body = request();
            sent.insert(body["request_id"].as_str().unwrap().to_owned());
            world.send("portal.inca.request.submit", &body).await;
        }
        // In the middle of the work: some are done, some are in flight, some still lie in the queue.
        let enough = before + 30 + 20 * round;
        world
            .until("work goes on", async || {
                world.count("select count(*) from cases").await >= enough
            })
            .await;
        program.kill();
    }
    let program = Program::start(&world, &log);
    let all = i64::try_from(sent.len()).unwrap();
    world
        .until("all is done", async || {
            world.count("select count(*) from cases").await == all
        })
        .await;
    world
        .until("all is sent", async || {
            world.count("select count(*) from outbox").await == 0
        })
        .await;

    // A repetition towards a sede or portal carries the id of what it repeats.
    let mut assigned: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    while world.depth(&format!("sede.{SEDE}")).await > 0 {
        let message = world.next(&format!("sede.{SEDE}")).await;
        assert_eq!(
            (message.kind.as_str(), message.case_seq()),
            ("request.assigned", Some(1))
        );
        assigned
            .entry(message.text("request_id").to_owned())
            .or_default()
            .insert(message.message_id);
    }
    assert_eq!(assigned.keys().cloned().collect::<BTreeSet<_>>(), sent);
    assert!(assigned.values().all(|ids| ids.len() == 1));
    let twice =
        "select count(*) from (select 1 from case_event group by case_id, kind having count(*) > 1) as twice";
    assert_eq!(world.count(twice).await, 0);
    let register = "select max(protocol_sequence)::bigint from cases";
    assert_eq!(world.count(register).await, all);
    assert_eq!(world.count("select count(*) from dead_letter").await, 0);

    let id = sent.first().unwrap().parse().unwrap();
    let reply = with(
        by_officer(id),
        serde_json::json!({"text": "Risposta su Mario Bianchi"}),
    );
    world.send(&format!("sede.{SEDE}.request.reply"), &reply).await;
    let mailed = "select count(*) from mail_outbox where state = 'sent'";
    world
        .until("the mail is out", async || world.count(mailed).await == 1)
        .await;
    drop(program);
    nothing_personal(&std::fs::read_to_string(&log).unwrap());
}

/// The log of a whole life, at level debug, says nothing about anybody.
fn nothing_personal(log: &str) {
    assert!(log.lines().count() > 20, "a log was written");
    let log = log.to_lowercase();
    for personal in [
        "bncmra50a01h501u",
        "bianchi",
        "mario rossi",
        "anna verdi",
        "op1@inca.example",
        "stato della pratica",
    ] {
        assert!(!log.contains(personal), "{personal} stands in the log");
    }
}

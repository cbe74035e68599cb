//! Definitions that change while requests are open (W2 to W4).

use std::path::Path;

use serde_json::json;
use usciere::lifecycle::readiness::{Part, Reason, Status};

use crate::world::{SEDE, World, by_officer, request, with};

const SUBMIT: &str = "portal.inca.request.submit";

/// The folder of the repository, to be changed.
fn copy(to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir("workflows").unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

fn second_version() -> String {
    let first = std::fs::read_to_string("workflows/richiesta.v1.toml").unwrap();
    let line = first.lines().find(|line| line.starts_with("version")).unwrap();
    first.replacen(line, "version = 2", 1)
}

async fn versions(world: &World) -> String {
    world
        .text("select string_agg(workflow_version::text, ',' order by protocol_sequence) from cases")
        .await
}

async fn is_answered(world: &World, id: uuid::Uuid) {
    let reply = with(by_officer(id), json!({"text": "Risposta"}));
    world.send(&format!("sede.{SEDE}.request.reply"), &reply).await;
    assert_eq!(world.next("portal.inca").await.kind, "request.replied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_definition_changes_nothing_and_a_new_version_only_new_requests() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = folder.path().join("workflows");
    copy(&definitions);
    let mut world = World::empty().await;
    world.config.workflows.dir.clone_from(&definitions);
    world.add_node().await;
    let node = world.node();
    let (workflows, store) = (node.workflows.clone(), node.store.clone());
    let standing = || world.node().readiness.report().parts[&Part::Workflows];
    let first = world.submit().await;

    let path = definitions.join("richiesta.v2.toml");
    std::fs::write(&path, second_version().replacen("initial", "inizial", 1)).unwrap();
    workflows.reload(&store).await;
    assert_eq!(standing(), Status::degraded(Reason::ReloadFailed));
    assert!(world.node().readiness.is_ready(), "it goes on with what it has");
    let second = world.submit().await;
    assert_eq!(versions(&world).await, "1,1");

    std::fs::write(&path, second_version()).unwrap();
    workflows.reload(&store).await;
    assert_eq!(standing(), Status::Up);
    let third = world.submit().await;
    assert_eq!(versions(&world).await, "1,1,2");
    for id in [first, second, third] {
        is_answered(&world, id).await;
    }
    assert_eq!(
        versions(&world).await,
        "1,1,2",
        "each keeps the version it began with"
    );
}

/// While a version is rolled out: a node that lacks it decides the requests of one that has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_a_version_takes_it_over_for_the_requests_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = folder.path().join("workflows");
    copy(&definitions);
    std::fs::write(definitions.join("richiesta.v2.toml"), second_version()).unwrap();
    let mut world = World::empty().await;
    let old = world.config.workflows.dir.clone();
    world.config.workflows.dir = definitions;
    world.add_node().await;
    let newer = world.submit().await;
    assert_eq!(versions(&world).await, "2");
    world.stop().await;

    world.config.workflows.dir = old;
    world.add_node().await;
    is_answered(&world, newer).await;
    world.send(SUBMIT, &request()).await;
    assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    assert_eq!(
        versions(&world).await,
        "2,1",
        "new requests begin with what this node has"
    );
    assert_eq!(world.count("select count(*) from dead_letter").await, 0);
}

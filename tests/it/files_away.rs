//! The store of files goes away and comes back: what brings a file waits and loses nothing, what brings none never
//! notices.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use usciere::config::attachments::AttachmentsUrl;
use usciere::lifecycle::readiness::{Part, Reason, Status};

use crate::world::{World, by_operator, request, with};

const SUBMIT: &str = "portal.inca.request.submit";
const PARKED: &str = "select count(*) from parked_command where waits_for = 'attachments'";

/// The folder of the files, for as long as something else stands in its place.
struct Away {
    place: PathBuf,
    kept: PathBuf,
}

impl Away {
    fn of(world: &World) -> Self {
        let AttachmentsUrl::Folder(place) = &world.config.attachments.url else {
            panic!("the tests keep files in a folder");
        };
        let (place, kept) = (place.clone(), place.with_file_name("elsewhere"));
        fs::rename(&place, &kept).unwrap();
        fs::write(&place, "no folder").unwrap();
        Self { place, kept }
    }

    fn comes_back(self) {
        fs::remove_file(&self.place).unwrap();
        fs::rename(self.kept, self.place).unwrap();
    }
}

fn file() -> Value {
    json!({ "attachments": [{ "name": "nota.txt", "content_base64": "Y2lhbw==" }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_parks_what_brings_a_file_and_holds_nobody_else() {
    let mut world = World::empty().await;
    world.config.engine.workers = std::num::NonZeroUsize::MIN;
    world.add_node().await;
    let before = world.submit().await;
    let away = Away::of(&world);

    let mut waiting = vec![
        world.send(SUBMIT, &with(request(), file())).await,
        world
            .send("portal.inca.request.attach", &with(by_operator(before), file()))
            .await,
    ];
    world
        .until("commands wait", async || world.count(PARKED).await == 2)
        .await;
    assert_eq!(world.depth("usciere.intake").await, 0, "they are acknowledged");
    let readiness = world.node().readiness.clone();
    world
        .until("it is said", async || {
            readiness.report().parts[&Part::Attachments] == Status::degraded(Reason::Unreachable)
        })
        .await;
    assert!(readiness.is_ready());

    // The one worker goes on with everything else, and tells who is not concerned so at once.
    world.submit().await;
    let stranger = with(
        with(by_operator(before), file()),
        json!({ "office": "ACLI-MI-001", "operator": { "id": "op9", "name": "Ada Blu" } }),
    );
    let refused = world.refused("portal.acli.request.attach", &stranger).await;
    assert_eq!(refused.text("code"), "request_unknown");

    away.comes_back();
    let mut answered = Vec::new();
    for _ in 0..2 {
        let told = world.next("portal.inca").await;
        assert!(
            matches!(told.kind.as_str(), "request.accepted" | "attachment.added"),
            "{}",
            told.kind
        );
        answered.push(told.text_header("causation-id").unwrap());
    }
    answered.sort_unstable();
    waiting.sort_unstable();
    assert_eq!(answered, waiting);
    world.settle().await;
    assert_eq!(world.count(PARKED).await, 0);
    assert_eq!(world.count("select count(*) from attachment_use").await, 2);
    assert_eq!(world.depth("portal.inca").await, 0, "each is told once");
    world
        .until("readiness is whole again", async || {
            readiness.report().parts[&Part::Attachments] == Status::Up
        })
        .await;
}

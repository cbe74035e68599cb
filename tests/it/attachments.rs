//! Files and the virus scanner: what is refused, what waits, who may name and fetch a file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use usciere::attachments::{AttachmentStore, Scanner};
use usciere::config::attachments::{AttachmentsUrl, ScannerSettings};
use usciere::domain::attachment::{Filed, MediaType, ScanState, Sha256Hex, StoredAttachment};
use usciere::domain::ids::Source;
use usciere::domain::person::Person;
use usciere::engine::Scanned;

use crate::fake_clamd::{FakeClamd, eicar};
use crate::world::{SEDE, World, by_operator, request, with};

const SUBMIT: &str = "portal.inca.request.submit";
const ATTACH: &str = "portal.inca.request.attach";

fn file(name: &str, bytes: &[u8]) -> Value {
    json!({ "attachments": [{ "name": name, "content_base64": STANDARD.encode(bytes) }] })
}

fn named(name: &str, sha256: &Sha256Hex) -> Value {
    json!({ "attachments": [{ "name": name, "sha256": sha256 }] })
}

fn member(id: &str, patronato: &str, office: &str) -> Person {
    serde_json::from_value(json!({
        "id": id, "name": "Mario Rossi",
        "capacity": { "capacity": "patronato", "patronato": patronato, "office": office, "roles": ["operator"] },
    }))
    .unwrap()
}

fn officer(sede: &str) -> Person {
    serde_json::from_value(json!({
        "id": "av1", "name": "Anna Verdi", "capacity": { "capacity": "sede", "sede": sede },
    }))
    .unwrap()
}

/// A world whose scanner is to listen at a socket that is not there yet.
async fn world_with_scanner() -> (World, std::path::PathBuf) {
    let mut world = World::empty().await;
    let AttachmentsUrl::Folder(folder) = &world.config.attachments.url else {
        panic!("the tests keep files in a folder");
    };
    let socket = folder.with_file_name("clamd.ctl");
    world.config.attachments.scanner = ScannerSettings {
        url: format!("unix:{}", socket.display()).parse().unwrap(),
        ..ScannerSettings::default()
    };
    world.add_node().await;
    (world, socket)
}

/// What a person is told of a file.
async fn seen_by(world: &World, person: &Person, bytes: &[u8]) -> Option<ScanState> {
    let sha256 = Sha256Hex::of(bytes);
    let found = world.node().store.visible_file(person, &sha256).await.unwrap();
    found.map(|visible| visible.filed.scan)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_virus_is_refused_and_a_file_is_scanned_once() {
    let (world, socket) = world_with_scanner().await;
    let clamd = FakeClamd::on_socket(&socket);
    let refused = world
        .refused(SUBMIT, &with(request(), file("fattura.txt", &eicar())))
        .await;
    assert_eq!(refused.text("code"), "attachment_type");
    assert_eq!(
        refused.text("message"),
        "Nel file «fattura.txt» è stato trovato un virus: non può essere allegato."
    );
    assert_eq!(
        refused.body["fields"][0]["pointer"],
        "/attachments/0/content_base64"
    );
    assert_eq!(world.count("select count(*) from attachment").await, 0);

    for _ in 0..2 {
        world
            .send(SUBMIT, &with(request(), file("nota.txt", b"ciao")))
            .await;
        assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    }
    assert_eq!(clamd.asked(), 2, "the virus, and the file the first time");
    let inca = member("op2", "inca", "INCA-RM-001");
    assert_eq!(seen_by(&world, &inca, b"ciao").await, Some(ScanState::Clean));
    assert_eq!(
        seen_by(&world, &officer(SEDE), b"ciao").await,
        Some(ScanState::Clean)
    );
    for stranger in [
        member("op1", "acli", "ACLI-MI-001"),
        member("op1", "inca", "INCA-MI-001"),
        officer("700000"),
    ] {
        assert_eq!(seen_by(&world, &stranger, b"ciao").await, None, "{stranger:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_scanner_files_are_taken_and_held_until_it_is_back() {
    let (world, socket) = world_with_scanner().await;
    for (name, bytes) in [("fattura.txt", eicar()), ("nota.txt", b"ciao".to_vec())] {
        world.send(SUBMIT, &with(request(), file(name, &bytes))).await;
        assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    }
    let sede = officer(SEDE);
    let states = async || {
        (
            seen_by(&world, &sede, &eicar()).await,
            seen_by(&world, &sede, b"ciao").await,
        )
    };
    let pending = Some(ScanState::Pending);
    assert_eq!(states().await, (pending, pending));
    let away = world.node().engine.scan_waiting_files().await.unwrap();
    assert!(away.broke_off && away.clean == 0, "{away:?}");

    let clamd = FakeClamd::on_socket(&socket);
    let looked = world.node().engine.scan_waiting_files().await.unwrap();
    let expected = Scanned {
        clean: 1,
        infected: 1,
        ..Scanned::default()
    };
    assert_eq!(looked, expected);
    assert_eq!(
        states().await,
        (Some(ScanState::Quarantined), Some(ScanState::Clean))
    );
    assert_eq!(clamd.asked(), 2);
    assert_eq!(
        world.node().engine.scan_waiting_files().await.unwrap(),
        Scanned::default()
    );

    // What was found stays known: nobody attaches it again, by content or by hash.
    for more in [file("x.txt", &eicar()), named("x.txt", &Sha256Hex::of(&eicar()))] {
        let refused = world.refused(SUBMIT, &with(request(), more)).await;
        assert_eq!(refused.text("code"), "attachment_type");
    }
    assert_eq!(clamd.asked(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_named_by_its_hash_only_by_those_who_brought_or_use_it() {
    let world = World::start().await;
    let bytes = b"%PDF-1.7 delega".to_vec();
    let kept = AttachmentStore::open(&world.config.attachments).unwrap();
    let filed = Filed {
        file: StoredAttachment {
            name: "delega.pdf".to_owned(),
            sha256: kept.put(bytes.clone()).await.unwrap(),
            size: 15,
            media_type: MediaType::Pdf,
        },
        scan: ScanState::Unchecked,
    };
    let person = member("op1", "inca", "INCA-RM-001");
    let source: Source = "portal.inca".parse().unwrap();
    world
        .node()
        .store
        .record_upload(&source, &person, &filed)
        .await
        .unwrap();
    assert_eq!(seen_by(&world, &person, &bytes).await, Some(ScanState::Unchecked));
    assert_eq!(
        seen_by(&world, &member("op2", "inca", "INCA-RM-001"), &bytes).await,
        None
    );

    let id = world.submit().await;
    let sede = format!("sede.{SEDE}");
    world.next(&sede).await;
    let attach = with(by_operator(id), named("delega.pdf", &filed.file.sha256));
    world.send(ATTACH, &attach).await;
    assert_eq!(world.next("portal.inca").await.kind, "attachment.added");
    let told = world.next(&sede).await;
    let href = told.body["attachments"][0]["href"].as_str().unwrap();
    assert!(
        href.ends_with(&format!("/api/v1/attachments/{}", filed.file.sha256)),
        "{href}"
    );
    assert!(
        seen_by(&world, &member("op2", "inca", "INCA-RM-001"), &bytes)
            .await
            .is_some()
    );

    // Whoever knows the hash alone learns nothing by it.
    let foreign = with(
        request(),
        json!({"patronato": "acli", "office": "ACLI-MI-001", "operator": {"id": "op9", "name": "Ada Blu"}}),
    );
    let foreign = with(foreign, named("delega.pdf", &filed.file.sha256));
    let refused = world.refused("portal.acli.request.submit", &foreign).await;
    assert_eq!(refused.text("code"), "attachment_missing");
    assert_eq!(refused.body["fields"][0]["pointer"], "/attachments/0/sha256");
}

#[tokio::test]
async fn clamd_is_spoken_to_over_tcp_too() {
    let (clamd, port) = FakeClamd::on_tcp().await;
    let settings = ScannerSettings {
        url: format!("tcp://127.0.0.1:{port}").parse().unwrap(),
        ..ScannerSettings::default()
    };
    let scanner = Scanner::open(&settings);
    let mut large = vec![b'a'; 6 * 1024 * 1024];
    assert_eq!(scanner.judge(&large).await, ScanState::Clean);
    large.extend(eicar());
    assert_eq!(scanner.judge(&large).await, ScanState::Quarantined);
    assert_eq!(clamd.asked(), 2);
}

//! Files over HTTP: uploaded, named in a message, fetched by those who may; limits to the byte; names made harmless.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use usciere::domain::attachment::Sha256Hex;
use usciere::domain::command::Role;
use usciere::domain::person::Person;

use crate::fake_clamd::{FakeClamd, eicar};
use crate::harness::{Answer, SEDE, Site, answered, submission};
use crate::people::{colleague, manager, member, of_pomezia, officer, operator};

const MIB: usize = 1024 * 1024;

const BOUNDARY: &str = "----------usciere";

fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (disposition, bytes) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// An upload as a form, as a browser sends it.
async fn bring(site: &Site, person: &Person, name: &str, bytes: &[u8]) -> Answer {
    let file = format!("name=\"file\"; filename=\"{name}\"");
    let body = form(&[("name=\"comment\"", b"ignored"), (&file, bytes)]);
    bring_form(site, person, body).await
}

async fn bring_form(site: &Site, person: &Person, body: Vec<u8>) -> Answer {
    let call = site
        .call_as(person, Method::POST, "/attachments")
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(body);
    answered(call).await
}

/// An upload as a raw body.
async fn bring_raw(site: &Site, disposition: &str, bytes: &[u8]) -> Answer {
    let call = site
        .call_as(&operator(), Method::POST, "/attachments")
        .header("content-type", "application/octet-stream")
        .header("content-disposition", disposition)
        .body(bytes.to_vec());
    answered(call).await
}

fn path(sha256: &Value) -> String {
    format!("/attachments/{}", sha256.as_str().unwrap())
}

#[tokio::test]
async fn an_uploaded_file_is_named_in_a_message_and_fetched_by_those_who_may() {
    let site = Site::start().await;
    let bytes = b"%PDF-1.7 delega".to_vec();
    let brought = bring(&site, &operator(), "../mario/perché no.pdf", &bytes).await;
    let brought = brought.done(201);
    let expected = json!({
        "sha256": Sha256Hex::of(&bytes), "name": "perché no.pdf", "size": 15, "media_type": "application/pdf",
        "scan": "unchecked",
    });
    assert_eq!(brought, expected);
    let path = path(&brought["sha256"]);
    assert_eq!(
        site.get(&operator(), &path).await.status,
        200,
        "who brought it may fetch it"
    );
    site.get(&colleague(), &path)
        .await
        .problem(404, "attachment_unknown");

    let with_file = |name: &str| json!({ "attachments": [{ "name": name, "sha256": brought["sha256"] }] });
    let mut body = submission();
    body.as_object_mut()
        .unwrap()
        .extend(with_file("Delega.pdf").as_object().unwrap().clone());
    site.post(&operator(), "/requests", &body).await.done(201);
    let told = site.next(&format!("sede.{SEDE}")).await;
    assert_eq!(told.body["attachments"][0]["name"], "Delega.pdf");
    let href = told.body["attachments"][0]["href"].as_str().unwrap();
    assert!(href.ends_with(&format!("/api/v1{path}")), "{href}");

    for person in [colleague(), officer(SEDE)] {
        let file = site.get(&person, &path).await;
        assert_eq!((file.status, file.bytes.as_slice()), (200, bytes.as_slice()));
        assert_eq!(file.header("content-type"), "application/pdf");
        assert_eq!(file.header("content-length"), "15");
        assert_eq!(
            file.header("content-disposition"),
            "attachment; filename=\"Delega.pdf\"; filename*=UTF-8''Delega.pdf"
        );
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert_eq!(
            file.header("content-security-policy"),
            "sandbox; default-src 'none'"
        );
        assert_eq!(file.header("cache-control"), "no-store");
    }
    let acli = member("op9", "Ada Blu", "acli", "ACLI-MI-001", &[Role::Operator]);
    for stranger in [of_pomezia(), acli.clone(), officer("230001"), manager()] {
        site.get(&stranger, &path)
            .await
            .problem(404, "attachment_unknown");
    }
    // The hash alone is no right to attach it.
    let refused = site.post(&acli, "/requests", &body).await;
    refused.problem(422, "attachment_missing");
    site.get(&operator(), "/attachments/zzz")
        .await
        .problem(404, "attachment_unknown");
    site.stop().await;
}

#[tokio::test]
async fn r_064_a_file_may_have_six_megabytes_to_the_byte() {
    let site = Site::start().await;
    let mut bytes = vec![b'a'; 6 * MIB];
    let done = bring(&site, &operator(), "a.txt", &bytes).await.done(201);
    assert_eq!(done["size"], 6 * MIB);
    let raw = bring_raw(&site, "attachment; filename=a.txt", &bytes)
        .await
        .done(201);
    assert_eq!(raw["sha256"], done["sha256"]);
    bytes.push(b'a');
    bring(&site, &operator(), "a.txt", &bytes)
        .await
        .problem(413, "attachment_too_large");
    bring_raw(&site, "attachment; filename=a.txt", &bytes)
        .await
        .problem(413, "attachment_too_large");
    site.stop().await;
}

#[rstest]
#[case::empty("a.txt", b"", 422, "attachment_type")]
#[case::other_kind("a.exe", b"MZ\x90\0", 422, "attachment_type")]
#[case::renamed("a.pdf", b"MZ\x90\0", 422, "attachment_type")]
#[case::picture_as_text("a.txt", b"GIF89a\x01\0", 422, "attachment_type")]
#[case::polyglot("a.gif", b"%PDF-1.7 GIF89a", 422, "attachment_type")]
#[case::right_to_left("delega\u{202e}fdp.exe", b"%PDF-1.7", 422, "attachment_type")]
#[case::nothing_but_folders("../../", b"ciao", 422, "attachment_type")]
#[tokio::test]
async fn r_064_what_is_no_such_file_is_refused(
    #[case] name: &str,
    #[case] bytes: &[u8],
    #[case] status: u16,
    #[case] code: &str,
) {
    let site = Site::start().await;
    bring(&site, &operator(), name, bytes).await.problem(status, code);
    site.stop().await;
}

#[tokio::test]
async fn r_065_a_file_is_listed_by_a_clean_name_and_its_size() {
    let site = Site::start().await;
    for (name, clean) in [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("fattura\u{202e}fdp.txt", "fatturafdp.txt"),
        ("Documento.TXT", "Documento.TXT"),
    ] {
        let done = bring(&site, &operator(), name, b"ciao").await.done(201);
        assert_eq!(
            (done["name"].as_str(), done["size"].as_u64()),
            (Some(clean), Some(4))
        );
    }
    let encoded = bring_raw(&site, "attachment; filename*=UTF-8''perch%C3%A9.txt", b"ciao").await;
    assert_eq!(encoded.done(201)["name"], "perché.txt");
    bring_raw(&site, "attachment", b"ciao")
        .await
        .problem(422, "invalid_body");
    let fileless = form(&[("name=\"comment\"", b"no file")]);
    bring_form(&site, &operator(), fileless)
        .await
        .problem(422, "invalid_body");
    bring_form(&site, &operator(), b"no form".to_vec())
        .await
        .problem(422, "invalid_body");
    bring(&site, &manager(), "a.txt", b"ciao")
        .await
        .problem(403, "forbidden");
    site.stop().await;
}

#[tokio::test]
async fn r_066_a_file_that_is_removed_before_sending_is_not_part_of_the_request() {
    let site = Site::start().await;
    let kept = bring(&site, &operator(), "a.txt", b"tenuto").await.done(201);
    let removed = bring(&site, &operator(), "b.txt", b"rimosso").await.done(201);
    let mut body = submission();
    body["attachments"] = json!([{ "name": "a.txt", "sha256": kept["sha256"] }]);
    site.post(&operator(), "/requests", &body).await.done(201);
    let told = site.next(&format!("sede.{SEDE}")).await;
    assert_eq!(told.body["attachments"].as_array().unwrap().len(), 1);
    let sede = officer(SEDE);
    assert_eq!(site.get(&sede, &path(&kept["sha256"])).await.status, 200);
    site.get(&sede, &path(&removed["sha256"]))
        .await
        .problem(404, "attachment_unknown");
    site.stop().await;
}

#[tokio::test]
async fn what_the_scanner_has_not_cleared_is_not_given() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("clamd.ctl");
    let site = Site::configured(|config| {
        config.attachments.scanner.url = format!("unix:{}", socket.display()).parse().unwrap();
    })
    .await;
    let pending = bring(&site, &operator(), "a.txt", b"ciao").await.done(201);
    let virus = bring(&site, &operator(), "b.txt", &eicar()).await.done(201);
    assert_eq!(
        (&pending["scan"], &virus["scan"]),
        (&json!("pending"), &json!("pending"))
    );
    site.get(&operator(), &path(&pending["sha256"]))
        .await
        .problem(409, "attachment_pending");

    let _clamd = FakeClamd::on_socket(&socket);
    site.node.engine.scan_waiting_files().await.unwrap();
    assert_eq!(site.get(&operator(), &path(&pending["sha256"])).await.status, 200);
    site.get(&operator(), &path(&virus["sha256"]))
        .await
        .problem(410, "attachment_quarantined");
    let refused = bring(&site, &operator(), "c.txt", &eicar()).await;
    let problem = refused.problem(422, "attachment_type");
    assert!(problem["detail"].as_str().unwrap().contains("virus"), "{problem}");
    site.stop().await;
}

#[tokio::test]
async fn a_file_is_scanned_when_it_is_uploaded_and_then_no_more() {
    let (clamd, port) = FakeClamd::on_tcp().await;
    let site = Site::configured(|config| {
        config.attachments.scanner.url = format!("tcp://127.0.0.1:{port}").parse().unwrap();
    })
    .await;
    for _ in 0..2 {
        assert_eq!(
            bring(&site, &operator(), "a.txt", b"ciao").await.done(201)["scan"],
            "clean"
        );
    }
    let mut body = submission();
    body["attachments"] = json!([{ "name": "a.txt", "sha256": Sha256Hex::of(b"ciao") }]);
    site.post(&operator(), "/requests", &body).await.done(201);
    assert_eq!(clamd.asked(), 1);
    site.stop().await;
}

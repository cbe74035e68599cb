//! A fuzzer that is not ours (schemathesis, prepared by `scripts/readers`) reads the node's own description and tries
//! to find an answer that does not keep it. Bounded in time; its seed stands in the output.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;
use usciere::domain::person::Person;

use crate::harness::{SEDE, Site};
use crate::people::{manager, officer, operator};

const SEED: &str = "2026";

/// Of each run.
const SECONDS: &str = "15";

#[tokio::test(flavor = "multi_thread")]
async fn a_fuzzer_finds_no_answer_that_is_not_described() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let prepared = Command::new(root.join("scripts/readers")).status().await.unwrap();
    assert!(prepared.success(), "scripts/readers");
    let site = Site::start().await;
    let path = site.submit(&operator()).await;
    let id = path.rsplit('/').next().unwrap();
    let mut findings = String::new();
    for (who, person) in [
        ("an operator", operator()),
        ("an officer", officer(SEDE)),
        ("a manager", manager()),
    ] {
        findings.extend(
            found(root, &site, &person, id)
                .await
                .map(|said| format!("as {who}:\n{said}\n")),
        );
    }
    assert!(findings.is_empty(), "{findings}");
    site.stop().await;
}

/// What the interpreter of the fuzzer says when it fell over itself (gh-106905): nothing was found or cleared.
const INTERPRETER: &str = "AST constructor recursion depth mismatch";

/// What the fuzzer says, if it finds anything.
async fn found(root: &Path, site: &Site, person: &Person, request: &str) -> Option<String> {
    for _ in 0..3 {
        match looked(root, site, person, request).await {
            Some(said) if said.contains(INTERPRETER) => {}
            said => return said,
        }
    }
    Some(format!("the fuzzer did not get through: {INTERPRETER}"))
}

async fn looked(root: &Path, site: &Site, person: &Person, request: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let settings = std::fs::read_to_string(root.join("tests/readers/schemathesis.toml")).unwrap();
    // A request that is there, so that more than 404 is looked at.
    let settings = format!("{settings}\n[parameters]\n\"path.id\" = [\"{request}\"]\n");
    let file = folder.path().join("schemathesis.toml");
    std::fs::write(&file, settings).unwrap();
    // By its module: a script of the environment names the folder it was installed in, which may have moved.
    let output = Command::new(root.join("target/readers/venv/bin/python"))
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(&file)
        .args(["run", &format!("http://{}/openapi.json", site.node.http)])
        .args([
            "--header",
            &format!("Authorization: Bearer {}", site.token(person)),
        ])
        .args([
            "--checks",
            "all",
            "--phases",
            "examples,coverage,fuzzing",
            // CPython 3.11 breaks its own parser when threads use it at once (gh-106905).
            "--workers",
            "1",
        ])
        // A stream does not end, and the fuzzer waits for ends: errors.rs and questions/events.rs look at this one.
        .args(["--exclude-operation-id", "watch"])
        .args([
            "--seed",
            SEED,
            "--max-time",
            SECONDS,
            "--request-timeout",
            "20",
            "--no-color",
        ])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    (!output.status.success()).then(|| {
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).replace(&site.token(person), "[token]")
    })
}

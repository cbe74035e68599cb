//! `usciere bench`, in small: it checks itself that every request arrived once, whichever way it went.

use std::process::Command;

use serde_json::Value;

use crate::services::fresh;

#[tokio::test]
async fn every_way_is_measured_and_a_report_is_kept() {
    let (database, broker) = fresh().await;
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let bench = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usciere"));
        command
            .args([
                "bench",
                "--requests",
                "100",
                "--rounds",
                "1",
                "--rate",
                "50",
                "--for",
                "1s",
            ])
            .args(more)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("DATABASE_URL", database.as_str())
            .env("AMQP_URL", broker.as_str());
        command
    };
    let mut measuring = bench(&["--cases", "2000", "-o", "json", "--report"]);
    let ended = measuring.arg(&report).output().unwrap();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    let lines: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let lines = lines.as_array().unwrap();
    let line = |measure: &str| lines.iter().find(|line| line["measure"] == measure).unwrap();
    for both in ["backlog drained", "live", "latency p50", "latency p99"] {
        assert!(line(both)["ratio"].as_f64().unwrap() > 0.0, "{both}");
    }
    assert!(line("one by one")["limit"].as_f64().unwrap() > 0.0);
    for shared in ["two nodes", "three nodes"] {
        assert!(line(shared)["ratio"].as_f64().unwrap() > 0.0, "{shared}");
    }
    assert!(line("64 clients over HTTP")["engine"].as_f64().unwrap() > 0.0);
    assert!(line("live, grown through empty")["ratio"].as_f64().unwrap() > 0.0);
    assert!(line("year of all by month")["engine"].as_f64().unwrap() > 0.0);
    assert!(line("p99 while they are swept")["ratio"].as_f64().unwrap() > 0.0);
    assert!(line("replay of 20,000 dead letters")["engine"].as_f64().unwrap() > 0.0);
    for due in ["fell due at once", "fell due while requests came in"] {
        assert!(line(due)["engine"].as_f64().unwrap() > 0.0, "{due}");
    }
    for small in ["start to ready", "program"] {
        assert!(line(small)["engine"].as_f64().unwrap() > 0.0, "{small}");
    }
    assert!(line("idle node")["engine"].is_f64());

    let kept: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    assert_eq!(kept["lines"], Value::from(lines.clone()));
    assert_eq!(kept["messages_per_request"], 2);

    // What somebody else left to be sent is none of what is measured.
    let left = Command::new(env!("CARGO_BIN_EXE_usciere"))
        .args(["demo", "load", "--profile", "test"])
        .env("DATABASE_URL", database.as_str())
        .output()
        .unwrap();
    assert!(left.status.success(), "{}", String::from_utf8_lossy(&left.stderr));
    let again = bench(&[]).output().unwrap();
    assert!(
        again.status.success(),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );

    for wrong in [&["--baseline", "/nowhere/report.json"][..], &["--broker-apart"]] {
        let nothing = bench(wrong).output().unwrap();
        let said = String::from_utf8_lossy(&nothing.stderr);
        assert_eq!(nothing.status.code(), Some(2), "{wrong:?}: {said}");
    }
}

#[test]
fn a_broker_set_apart_is_measured_like_any_other() {
    let measured = Command::new(env!("CARGO_BIN_EXE_usciere"))
        .args(["bench", "--broker-apart", "--requests", "100", "--rounds", "1"])
        .args(["--rate", "50", "--for", "1s", "-o", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("DATABASE_URL")
        .env_remove("AMQP_URL")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&measured.stderr);
    if std::thread::available_parallelism().unwrap().get() == 1 {
        assert!(said.contains("one processor cannot be divided"), "{said}");
        return;
    }
    assert!(measured.status.success(), "{said}");
    assert!(said.contains("half of them are the broker's alone"), "{said}");
    let lines: Value = serde_json::from_slice(&measured.stdout).unwrap();
    let drained = &lines.as_array().unwrap()[0];
    assert_eq!(drained["measure"], "backlog drained");
    assert!(drained["ratio"].as_f64().unwrap() > 0.0);
}

//! `scripts/conformance`: a right consumer keeps every rule, and whoever is wrong in one way is told in which.
//! Needs what `scripts/publishers` installs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::services::fresh;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn python() -> PathBuf {
    root().join("target/publishers/venv/bin/python")
}

/// How long each wait and each gap may take.
const QUICK: [&str; 4] = ["--patience", "10", "--gap", "2"];
/// On a machine too busy for that, a right consumer looks wrong.
const CALM: [&str; 4] = ["--patience", "40", "--gap", "6"];

/// Plays the conversations to a consumer, a program of Python with its arguments, on a queue of its own.
fn tried(broker: &str, queue: &str, consumer: &str, folder: &Path, waits: [&str; 4]) -> Output {
    let python = python();
    let consumer = format!("{} {}", python.display(), consumer);
    Command::new(&python)
        .arg(root().join("scripts/conformance"))
        .args(["--queue", queue])
        .args(waits)
        .args(["--consumer", &format!("exec {consumer} {queue}")])
        .args(["--applied", &format!("{consumer} --applied")])
        .current_dir(root())
        .env("AMQP_URL", broker)
        .env("CONSUMER_DB", folder.join(format!("{queue}.db")))
        .env("PYTHONUTF8", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap()
}

/// Whoever applies again what comes again does so too when it is killed between its commit and its acknowledgement, which
/// a kill may hit or miss.
const BY_CHANCE: (&str, &str) = ("AppliesAgain", "crash");

/// The rules that are broken, without what a consumer may break or not.
fn surely_broken(consumer: &str, output: &Output) -> Vec<String> {
    let mut rules = broken(output);
    rules.retain(|rule| !(consumer.ends_with(BY_CHANCE.0) && rule == BY_CHANCE.1));
    rules
}

/// The rules the verdict says are broken.
fn broken(output: &Output) -> Vec<String> {
    let verdict = String::from_utf8(output.stdout.clone()).unwrap();
    let words = verdict.lines().map(|line| line.split_whitespace());
    words
        .filter_map(|mut words| (words.next() == Some("BROKEN")).then(|| words.next().unwrap().to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_consumer_passes_and_each_wrong_one_is_told_its_rule() {
    let prepared = Command::new(root().join("scripts/publishers")).status().unwrap();
    assert!(prepared.success());
    let broker = fresh().await.1.to_string();
    let folder = tempfile::tempdir().unwrap();
    let wrong = |way| format!("tests/conformance/wrong.py {way}");
    let consumers: Vec<(String, &[&str])> = vec![
        ("examples/consumer.py".to_owned(), &[]),
        (wrong("AppliesAgain"), &["duplicate", "late"]),
        (wrong("ForgetsOldOnes"), &["late"]),
        (wrong("SkipsGaps"), &["gap"]),
        (wrong("ThrowsAway"), &["gap"]),
        (wrong("HoldsUpAll"), &["independent"]),
        (wrong("Loops"), &["no-loop"]),
        (wrong("StopsAtStrangers"), &["unknown-type"]),
        (wrong("FearsFields"), &["unknown-field"]),
        (wrong("CountsRefusals"), &["refusal"]),
        (wrong("AcknowledgesFirst"), &["crash"]),
        (wrong("Forgets"), &["crash"]),
        (wrong("NeverAcknowledges"), &["acknowledged"]),
        (wrong("EndsOnce"), &["alive"]),
    ];
    let (broker, folder) = (broker.as_str(), folder.path());
    std::thread::scope(|scope| {
        let trials: Vec<_> = consumers
            .iter()
            .enumerate()
            .map(|(number, (consumer, rules))| {
                let queue = format!("conformance.{number}");
                scope.spawn(move || (consumer, rules, tried(broker, &queue, consumer, folder, QUICK)))
            })
            .collect();
        let trials: Vec<_> = trials.into_iter().map(|trial| trial.join().unwrap()).collect();
        for (number, (consumer, rules, mut output)) in trials.into_iter().enumerate() {
            if surely_broken(consumer, &output) != **rules {
                output = tried(
                    broker,
                    &format!("conformance.{number}.alone"),
                    consumer,
                    folder,
                    CALM,
                );
            }
            let said = String::from_utf8_lossy(&output.stdout);
            let talk = String::from_utf8_lossy(&output.stderr);
            assert_eq!(
                surely_broken(consumer, &output),
                **rules,
                "{consumer}: {said}{talk}"
            );
            assert_eq!(
                output.status.code(),
                Some(i32::from(!rules.is_empty())),
                "{consumer}: {said}{talk}"
            );
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_messages_never_meet_a_real_queue() {
    let prepared = Command::new(root().join("scripts/publishers")).status().unwrap();
    assert!(prepared.success());
    let broker = fresh().await.1.to_string();
    let outsider = crate::harness::Outsider::new(&broker).await;
    outsider.declare("sede.230001", &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let output = tried(
        &broker,
        "sede.230001",
        "examples/consumer.py",
        folder.path(),
        QUICK,
    );
    assert_eq!(output.status.code(), Some(2));
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(talk.contains("the queue sede.230001 exists"), "{talk}");
}

#[test]
fn the_contract_shows_the_consumer_that_is_tried() {
    let contract = std::fs::read_to_string(root().join("docs/consumer-contract.md")).unwrap();
    let consumer = std::fs::read_to_string(root().join("examples/consumer.py")).unwrap();
    assert!(contract.contains(&format!("```python\n{consumer}```\n")));
}

//! The publishers of README.md: its text is that of the files in `examples/`, and each of them works as it stands
//! against a whole system. Needs PostgreSQL, RabbitMQ, Python, Node and curl (`scripts/setup`), and what
//! `scripts/publishers` adds to them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lapin::options::{BasicAckOptions, BasicGetOptions};
use lapin::{Channel, Connection, ConnectionProperties};
use serde_json::Value;
use usciere::domain::protocol::ProtocolNumber;

#[path = "publishers/system.rs"]
mod system;

use system::{System, printed_by, wait_until};

/// Each file of `examples/` with the language of its block in README.md.
const EXAMPLES: [(&str, &str); 6] = [
    ("publish.py", "python"),
    ("publish.mjs", "js"),
    ("publish.rs", "rust"),
    ("publish.sh", "sh"),
    ("http.sh", "sh"),
    ("sede.py", "python"),
];

#[test]
fn the_readme_shows_the_files_that_are_run() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let shown = EXAMPLES.map(|(file, language)| {
        let text = fs::read_to_string(root().join("examples").join(file)).unwrap();
        let first = text.lines().next().unwrap();
        let start = format!("```{language}\n{first}\n");
        let begins: Vec<usize> = readme.match_indices(&start).map(|(at, _)| at).collect();
        assert_eq!(
            begins.len(),
            1,
            "{file}: blocks in README.md that begin with {start}"
        );
        let block = &readme[begins[0] + "```\n".len() + language.len()..];
        let block = &block[..block.find("```").unwrap()];
        assert_eq!(block, text, "README.md and examples/{file} differ");
        begins[0]
    });
    let blocks = shown.iter().collect::<BTreeSet<_>>().len();
    assert_eq!(blocks, EXAMPLES.len(), "each file has a block of its own");
}

#[tokio::test]
async fn each_publisher_is_accepted_and_a_sede_answers() {
    printed_by(&mut Command::new(root().join("scripts/publishers")));
    let system = System::start();
    let mut numbers = BTreeSet::new();
    for mut publisher in [
        python("publish.py"),
        node("publish.mjs"),
        Command::new(cargo_example("publish")),
        over_http(&system),
    ] {
        let printed = printed_by(publisher.env("AMQP_URL", &system.at.amqp_url));
        assert!(
            printed.contains("request.accepted"),
            "{publisher:?} printed {printed}"
        );
        numbers.insert(protocol_number(&printed).to_string());
    }

    let portal = Portal::open(&system.at.amqp_url).await;
    let printed = printed_by(
        Command::new("sh")
            .arg(root().join("examples/publish.sh"))
            .env("MANAGEMENT_URL", &system.at.management_url),
    );
    assert!(printed.contains(r#""routed":true"#), "curl printed {printed}");
    let accepted = portal
        .next(|kind, body| kind == "request.accepted" && !numbers.contains(text(body, "protocol_number")))
        .await;
    numbers.insert(protocol_number(&accepted.to_string()).to_string());
    assert_eq!(numbers.len(), 5, "every request has a protocol number of its own");

    let mut sede = python("sede.py");
    let printed = printed_by(
        sede.arg(text(&accepted, "sede"))
            .env("AMQP_URL", &system.at.amqp_url),
    );
    let answered = printed.trim().strip_prefix("answered ").unwrap().to_owned();
    let replied = portal
        .next(|kind, body| kind == "request.replied" && text(body, "request_id") == answered)
        .await;
    assert_eq!(text(&replied, "text"), "La pratica è in lavorazione.");
    let mails = || fs::read_dir(&system.at.mail_dir).unwrap().count();
    wait_until("a mail tells the operator", || mails() > 0);
    assert_eq!(mails(), 1);
    system.stop();
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn prepared() -> PathBuf {
    root().join("target/publishers")
}

fn python(example: &str) -> Command {
    let mut command = Command::new(prepared().join("venv/bin/python"));
    // Printed at once, and in the encoding the test reads.
    command
        .env("PYTHONUTF8", "1")
        .arg(root().join("examples").join(example));
    command
}

/// Node looks for packages beside the file that imports them.
fn node(example: &str) -> Command {
    let copy = prepared().join(example);
    fs::copy(root().join("examples").join(example), &copy).unwrap();
    let mut command = Command::new("node");
    command.arg(copy);
    command
}

/// With `usciere` on its path, as README.md has it.
fn over_http(system: &System) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_usciere")).parent().unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", "PATH=$1:$PATH exec sh \"$2\"", "sh"])
        .args([program, &root().join("examples/http.sh")])
        .env("HTTP_URL", &system.at.http_url)
        .env("DATABASE_URL", &system.at.database_url);
    command
}

/// Cargo builds examples with the tests, beside the folder of the tests.
fn cargo_example(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_usciere"))
        .with_file_name("examples")
        .join(name);
    assert!(
        program.exists(),
        "{} is missing: cargo build --example {name}",
        program.display()
    );
    program
}

/// The first protocol number in a text.
fn protocol_number(text: &str) -> ProtocolNumber {
    let start = text
        .find("INPS.")
        .unwrap_or_else(|| panic!("no protocol number in {text}"));
    let end = text[start..].find(['"', '\'']).unwrap();
    text[start..start + end].parse().unwrap()
}

fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {body}"))
}

/// The portal's queue, read by the test itself.
struct Portal {
    channel: Channel,
    _connection: Connection,
}

impl Portal {
    async fn open(url: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default())
            .await
            .unwrap();
        Self {
            channel: connection.create_channel().await.unwrap(),
            _connection: connection,
        }
    }

    /// The next event that fits; what comes before it is taken, too.
    async fn next(&self, fits: impl Fn(&str, &Value) -> bool) -> Value {
        let started = std::time::Instant::now();
        loop {
            let taken = self
                .channel
                .basic_get("portal.inca".into(), BasicGetOptions::default())
                .await
                .unwrap();
            let Some(message) = taken else {
                assert!(
                    started.elapsed() < system::PATIENCE,
                    "the portal's event does not come"
                );
                tokio::time::sleep(system::LOOK).await;
                continue;
            };
            message.ack(BasicAckOptions::default()).await.unwrap();
            let kind = message
                .properties
                .kind()
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            let body: Value = serde_json::from_slice(&message.data).unwrap();
            if fits(&kind, &body) {
                return body;
            }
        }
    }
}

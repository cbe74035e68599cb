//! `docs/tour.md` is true: its commands are run in their order against `usciere dev`, and what it shows is what comes.
//!
//! Ids, dates and times are another at every run and are compared as such. `TOUR=write` writes into the page
//! what came.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use regex::Regex;

#[path = "support/services.rs"]
mod services;

const USCIERE: &str = env!("CARGO_BIN_EXE_usciere");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tour.md");
const PATIENCE: Duration = Duration::from_mins(2);
/// Stands between what two blocks print.
const NEXT: &str = "@@ next block @@";

/// A piece of the page.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Prose(String),
    /// To be run.
    Shell(String),
    /// What the block before prints.
    Shown(String),
}

fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find("```") {
        let (before, fenced) = rest.split_at(start);
        let line_end = fenced.find('\n').unwrap() + 1;
        let end = line_end + fenced[line_end - 1..].find("\n```\n").unwrap();
        let inside = fenced[line_end..end].to_owned();
        pieces.push(Piece::Prose(before.to_owned()));
        pieces.push(match fenced[3..line_end].trim() {
            "sh" => Piece::Shell(inside),
            "text" => Piece::Shown(inside),
            other => panic!("a block of {other}"),
        });
        rest = &fenced[end + 4..];
    }
    pieces.push(Piece::Prose(rest.to_owned()));
    pieces
}

fn page(pieces: &[Piece]) -> String {
    let mut page = String::new();
    for piece in pieces {
        match piece {
            Piece::Prose(text) => page.push_str(text),
            Piece::Shell(text) => write!(page, "```sh\n{text}```\n").unwrap(),
            Piece::Shown(text) => write!(page, "```text\n{text}```\n").unwrap(),
        }
    }
    page
}

/// A development system, stopped with the test.
struct Dev {
    process: Child,
    folder: tempfile::TempDir,
}

impl Dev {
    async fn start() -> Self {
        let (database, broker) = services::fresh().await;
        let folder = tempfile::tempdir().unwrap();
        let process = Command::new(USCIERE)
            .args(["dev", "--http-port", "0", "--data-dir"])
            .arg(folder.path())
            .arg("--ready-file")
            .arg(folder.path().join("ready.json"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("DATABASE_URL", database.as_str())
            .env("AMQP_URL", broker.as_str())
            .env("LIVES_WITH", std::process::id().to_string())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut dev = Self { process, folder };
        let began = Instant::now();
        while !dev.ready().exists() {
            let log = || std::fs::read_to_string(dev.folder.path().join("log")).unwrap();
            assert!(began.elapsed() < PATIENCE, "not ready: {}", log());
            assert_eq!(dev.process.try_wait().unwrap(), None, "{}", log());
            sleep(Duration::from_millis(20));
        }
        dev
    }

    fn ready(&self) -> std::path::PathBuf {
        self.folder.path().join("ready.json")
    }

    /// What each block prints.
    fn run(&self, blocks: &[&String]) -> Vec<String> {
        let mut script = "set -eu -o pipefail\n".to_owned();
        for block in blocks {
            write!(script, "{block}\necho '{NEXT}'\n").unwrap();
        }
        let path = format!(
            "{}:{}",
            Path::new(USCIERE).parent().unwrap().display(),
            std::env::var_os("PATH").unwrap().display()
        );
        let work = self.folder.path().join("work");
        std::fs::create_dir(&work).unwrap();
        let output = Command::new("bash")
            .arg("-c")
            .arg(script)
            .current_dir(work)
            .env("PATH", path)
            .env("READY", self.ready())
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{printed}\n{talk}");
        printed.split(&format!("{NEXT}\n")).map(str::to_owned).collect()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is another at every run, by its kind.
fn masked(text: &str) -> String {
    let kinds = [
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
        (r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)", "<time>"),
        (r"\d{4}-\d\d-\d\d", "<date>"),
        (r"\d\d/\d\d/\d{4}", "<date>"),
    ];
    kinds.iter().fold(text.to_owned(), |text, (pattern, kind)| {
        Regex::new(pattern)
            .unwrap()
            .replace_all(&text, *kind)
            .into_owned()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_shows_what_comes() {
    let text = std::fs::read_to_string(PAGE).unwrap();
    let mut pieces = pieces(&text);
    let blocks: Vec<&String> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Shell(block) => Some(block),
            Piece::Prose(_) | Piece::Shown(_) => None,
        })
        .collect();
    let dev = Dev::start().await;
    let mut printed = dev.run(&blocks).into_iter();
    let mut last = String::new();
    let mut shown = 0;
    let write = std::env::var_os("TOUR").is_some_and(|mode| mode == "write");
    for piece in &mut pieces {
        match piece {
            Piece::Prose(_) => {}
            Piece::Shell(_) => last = printed.next().unwrap(),
            Piece::Shown(expected) if write => expected.clone_from(&last),
            Piece::Shown(expected) => {
                shown += 1;
                assert_eq!(masked(&last), masked(expected), "answer {shown} of the tour");
            }
        }
    }
    if write {
        std::fs::write(PAGE, page(&pieces)).unwrap();
    }
}

#[test]
fn a_page_is_read_as_it_is_written() {
    let text = "# A\n\n```sh\necho 1\n```\n\n```text\n1\n```\nend\n";
    let read = pieces(text);
    assert_eq!(read[1], Piece::Shell("echo 1\n".to_owned()));
    assert_eq!(read[3], Piece::Shown("1\n".to_owned()));
    assert_eq!(page(&read), text);
    assert_eq!(masked("dal 2026-12-08, 23/11/2026"), "dal <date>, <date>");
}

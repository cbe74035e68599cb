//! `docs/requirements.md` is complete: every requirement of the manual stands in it once, in order, with a test that
//! exists or the word that it is a page.

use std::path::Path;

/// The requirements by their numbers, as first and last of each run.
const REQUIREMENTS: [(u16, u16); 7] = [
    (1, 10),
    (20, 30),
    (40, 47),
    (50, 68),
    (70, 81),
    (90, 105),
    (110, 114),
];

/// What stands where a requirement is one of pages alone.
const PAGE: &str = "page (issue 6)";

struct Row {
    id: String,
    how: String,
    proofs: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("docs/requirements.md")).expect("the table is there");
    text.lines().filter_map(row).collect()
}

/// `| R-001 | what | how | proofs |`
fn row(line: &str) -> Option<Row> {
    let line = line.strip_prefix("| R-")?;
    let cells: Vec<&str> = line.trim_end_matches('|').split(" | ").map(str::trim).collect();
    let [id, _what, how, proofs] = cells.as_slice() else {
        panic!("a row has four cells: {line}");
    };
    Some(Row {
        id: format!("R-{id}"),
        how: (*how).to_owned(),
        proofs: proofs.split(", ").map(|proof| proof.replace('`', "")).collect(),
    })
}

/// `tests/it/refusals.rs::a_name`, or the path of a scenario.
fn exists(proof: &str) -> bool {
    match proof.split_once("::") {
        Some((path, name)) => {
            std::fs::read_to_string(root().join(path)).is_ok_and(|text| text.contains(&format!("fn {name}(")))
        }
        None => {
            Path::new(proof).extension().is_some_and(|kind| kind == "toml") && root().join(proof).exists()
        }
    }
}

#[test]
fn every_requirement_stands_there_once_and_in_order() {
    let wanted: Vec<String> = REQUIREMENTS
        .into_iter()
        .flat_map(|(first, last)| first..=last)
        .map(|number| format!("R-{number:03}"))
        .collect();
    let written: Vec<String> = rows().into_iter().map(|row| row.id).collect();
    assert_eq!(written, wanted);
}

#[test]
fn every_requirement_is_proved_by_a_test_that_exists_or_is_a_page() {
    let mut faults = Vec::new();
    for row in rows() {
        if row.proofs == [PAGE] {
            continue;
        }
        if row.how.is_empty() {
            faults.push(format!("{}: how it is met is not said", row.id));
        }
        let missing = row.proofs.iter().filter(|proof| !exists(proof));
        faults.extend(missing.map(|proof| format!("{}: there is no {proof}", row.id)));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

//! The registers against a real PostgreSQL, mostly with the files of `config/examples`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/database.rs"]
mod database;
#[path = "registers/examples.rs"]
mod examples;
#[path = "support/fake_register.rs"]
mod fake_register;
#[path = "registers/imports.rs"]
mod imports;
#[path = "registers/memory.rs"]
mod memory;
#[path = "registers/remote.rs"]
mod remote;
#[path = "support/services.rs"]
mod services;

use database::TestDatabase;
use usciere::registry::import::{
    BadLine, ImportError, ImportEvent, ImportKind, ImportReport, import, rehearse,
};
use usciere::store::Store;

/// Imports a text; the report with the bad lines.
async fn load(
    store: &Store,
    kind: ImportKind,
    csv: &str,
) -> Result<(ImportReport, Vec<BadLine>), ImportError> {
    let mut bad = Vec::new();
    let observe = |event| match event {
        ImportEvent::Rejected(line) => bad.push(line),
        ImportEvent::Progress(_) => {}
    };
    let report = import(store, kind, csv.as_bytes(), observe).await?;
    Ok((report, bad))
}

/// The example files, in the order they build on each other.
const EXAMPLES: [(ImportKind, &str); 6] = [
    (ImportKind::Sedi, include_str!("../config/examples/sedi.csv")),
    (ImportKind::Topics, include_str!("../config/examples/topics.csv")),
    (
        ImportKind::Competence,
        include_str!("../config/examples/competence.csv"),
    ),
    (
        ImportKind::Patronati,
        include_str!("../config/examples/patronati.csv"),
    ),
    (
        ImportKind::Citizens,
        include_str!("../config/examples/citizens.csv"),
    ),
    (
        ImportKind::Practices,
        include_str!("../config/examples/practices.csv"),
    ),
];

async fn load_examples(store: &Store) {
    for (kind, csv) in EXAMPLES {
        let (report, bad) = load(store, kind, csv).await.unwrap();
        assert_eq!((bad, report.inserted), (Vec::new(), lines(csv)), "{kind}");
    }
}

fn lines(csv: &str) -> u64 {
    u64::try_from(csv.lines().count() - 1).unwrap()
}

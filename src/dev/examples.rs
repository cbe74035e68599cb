//! The example registers, imported into a development system.

use crate::registry::import::{ImportError, ImportKind, import};
use crate::store::Store;

const FILES: [(ImportKind, &str); 6] = [
    (ImportKind::Sedi, include_str!("../../config/examples/sedi.csv")),
    (
        ImportKind::Topics,
        include_str!("../../config/examples/topics.csv"),
    ),
    (
        ImportKind::Competence,
        include_str!("../../config/examples/competence.csv"),
    ),
    (
        ImportKind::Patronati,
        include_str!("../../config/examples/patronati.csv"),
    ),
    (
        ImportKind::Citizens,
        include_str!("../../config/examples/citizens.csv"),
    ),
    (
        ImportKind::Practices,
        include_str!("../../config/examples/practices.csv"),
    ),
];

/// Imports all of them; a second time changes nothing.
pub async fn load(store: &Store) -> Result<(), ImportError> {
    for (kind, text) in FILES {
        import(store, kind, text.as_bytes(), |_| ()).await?;
    }
    Ok(())
}

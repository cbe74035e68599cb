//! Filling the registers from CSV files: streamed, in one transaction, good lines loaded and bad ones listed.
//!
//! A second import of the same file changes nothing, because a file that contradicts itself has its later lines
//! refused. Relies on the store's upserts for leaving unchanged rows alone.

mod catalogue;
mod fields;
mod lines;
mod people;
mod register;
mod territory;

use std::io::Read;

use crate::domain::event::words;
use crate::store::{Store, StoreError, Written};
use fields::Columns;
use lines::Lines;
use register::Register;

words!(
    /// The registers, as `usciere import` names them.
    ImportKind {
        Sedi = "sedi",
        Competence = "competence",
        Topics = "topics",
        Patronati = "patronati",
        Citizens = "citizens",
        Practices = "practices",
    }
);

impl ImportKind {
    /// The columns its file must have, in any order; others are left alone.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Sedi => territory::Sedi::COLUMNS,
            Self::Competence => territory::Competence::COLUMNS,
            Self::Topics => catalogue::Topics::COLUMNS,
            Self::Patronati => catalogue::Patronati::COLUMNS,
            Self::Citizens => people::Citizens::COLUMNS,
            Self::Practices => people::Practices::COLUMNS,
        }
    }
}

/// A line that was not loaded, and why (Italian, without its values).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Where it starts in the file; the header is line 1.
    pub line: u64,
    pub reason: String,
}

/// What an import tells while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportEvent {
    /// How many bytes of the file are done.
    Progress(u64),
    Rejected(BadLine),
}

/// What an import did, in lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportReport {
    pub inserted: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub rejected: u64,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the file cannot be read")]
    Read(#[source] csv::Error),
    /// The header lacks columns.
    #[error("the header lacks: {}", .0.join(", "))]
    Header(Vec<&'static str>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many lines go to the database at once.
const CHUNK: usize = 1_000;

/// What becomes of what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Load,
    Rehearse,
}

/// Imports a file. `observe` hears of progress and of bad lines while it runs; on an error nothing is imported.
pub async fn import(
    store: &Store,
    kind: ImportKind,
    file: impl Read + Send,
    observe: impl FnMut(ImportEvent) + Send,
) -> Result<ImportReport, ImportError> {
    dispatch(store, kind, file, observe, Purpose::Load).await
}

/// Says what [`import`] would do, and leaves everything as it is.
pub async fn rehearse(
    store: &Store,
    kind: ImportKind,
    file: impl Read + Send,
    observe: impl FnMut(ImportEvent) + Send,
) -> Result<ImportReport, ImportError> {
    dispatch(store, kind, file, observe, Purpose::Rehearse).await
}

async fn dispatch(
    store: &Store,
    kind: ImportKind,
    file: impl Read + Send,
    observe: impl FnMut(ImportEvent) + Send,
    purpose: Purpose,
) -> Result<ImportReport, ImportError> {
    match kind {
        ImportKind::Sedi => run(store, territory::Sedi, file, observe, purpose).await,
        ImportKind::Competence => run(store, territory::Competence, file, observe, purpose).await,
        ImportKind::Topics => run(store, catalogue::Topics, file, observe, purpose).await,
        ImportKind::Patronati => run(store, catalogue::Patronati::default(), file, observe, purpose).await,
        ImportKind::Citizens => run(store, people::Citizens, file, observe, purpose).await,
        ImportKind::Practices => run(store, people::Practices, file, observe, purpose).await,
    }
}

async fn run<R: Register>(
    store: &Store,
    mut register: R,
    file: impl Read + Send,
    mut observe: impl FnMut(ImportEvent) + Send,
    purpose: Purpose,
) -> Result<ImportReport, ImportError> {
    let mut lines = Lines::open(file).map_err(ImportError::Read)?;
    let columns = Columns::find(lines.header(), R::COLUMNS).map_err(ImportError::Header)?;
    let mut import = store.begin_import().await?;
    let mut report = ImportReport::default();
    let mut written = Written::default();
    loop {
        let mut rows = Vec::with_capacity(CHUNK);
        let mut bad = Vec::new();
        while rows.len() + bad.len() < CHUNK && lines.next().map_err(ImportError::Read)? {
            let line = lines.line();
            match columns
                .of(lines.record())
                .and_then(|fields| register.read(&fields))
            {
                Ok(row) => rows.push((line, row)),
                Err(reason) => bad.push(BadLine { line, reason }),
            }
        }
        if rows.is_empty() && bad.is_empty() {
            break;
        }
        let rows = register::drop_unfit(&register, &mut import, rows, &mut bad).await?;
        let saved = register.save(&mut import, &rows).await?;
        written += saved;
        report.count(rows.len(), bad.len(), saved);
        bad.sort_by_key(|bad| bad.line);
        for line in bad {
            observe(ImportEvent::Rejected(line));
        }
        observe(ImportEvent::Progress(lines.bytes()));
    }
    match purpose {
        Purpose::Load => import.commit(R::IN_SNAPSHOT && !written.is_nothing()).await?,
        Purpose::Rehearse => import.abandon().await?,
    }
    Ok(report)
}

impl ImportReport {
    fn count(&mut self, good: usize, bad: usize, saved: Written) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.inserted += saved.inserted;
        self.changed += saved.changed;
        self.unchanged += number(good).saturating_sub(saved.inserted + saved.changed);
        self.rejected += number(bad);
    }
}

//! What the registers have in common: reading a line, its key, what must exist before it, saving.

use super::BadLine;
use super::fields::{Fields, Reason};
use crate::store::{RegisterImport, StoreError, Written};

pub(super) trait Register: Send + Sync {
    /// The columns its file must have.
    const COLUMNS: &'static [&'static str];
    /// Whether nodes keep it in their snapshot.
    const IN_SNAPSHOT: bool;
    type Row: Send + Sync;

    fn read(&mut self, fields: &Fields<'_>) -> Result<Self::Row, Reason>;

    /// What makes two lines speak of the same thing.
    fn key(row: &Self::Row) -> String;

    /// For each row, what it refers to that is not there.
    fn dangling(
        &self,
        _import: &mut RegisterImport,
        rows: &[Self::Row],
    ) -> impl Future<Output = Result<Vec<Option<Reason>>, StoreError>> + Send {
        let none = rows.iter().map(|_| None).collect();
        async { Ok(none) }
    }

    fn save(
        &self,
        import: &mut RegisterImport,
        rows: &[Self::Row],
    ) -> impl Future<Output = Result<Written, StoreError>> + Send;
}

/// Moves to `bad` the rows that refer to what is not there, and those another line of the file spoke of before.
pub(super) async fn drop_unfit<R: Register>(
    register: &R,
    import: &mut RegisterImport,
    rows: Vec<(u64, R::Row)>,
    bad: &mut Vec<BadLine>,
) -> Result<Vec<R::Row>, StoreError> {
    let (lines, rows): (Vec<u64>, Vec<R::Row>) = rows.into_iter().unzip();
    let reasons = register.dangling(import, &rows).await?;
    let mut whole = Vec::with_capacity(rows.len());
    for ((line, row), reason) in lines.into_iter().zip(rows).zip(reasons) {
        match reason {
            None => whole.push((line, row)),
            Some(reason) => bad.push(BadLine { line, reason }),
        }
    }
    let keys: Vec<String> = whole.iter().map(|(_, row)| R::key(row)).collect();
    let numbers: Vec<i64> = whole.iter().map(|(line, _)| signed(*line)).collect();
    let first_lines = import.first_lines(&keys, &numbers).await?;
    let mut fit = Vec::with_capacity(whole.len());
    for ((line, row), first) in whole.into_iter().zip(first_lines) {
        if first == signed(line) {
            fit.push(row);
        } else {
            bad.push(BadLine {
                line,
                reason: format!("ripete la riga {first}"),
            });
        }
    }
    Ok(fit)
}

fn signed(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

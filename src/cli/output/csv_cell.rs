//! CSV that a spreadsheet opens without running anything: cells that would be formulas are made text.

use super::Row;
use crate::cli::exit::Failure;

pub(super) fn document<R: Row>(rows: &[R]) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(R::COLUMNS).map_err(anyhow::Error::from)?;
    for row in rows {
        writer
            .write_record(row.cells().iter().map(|cell| harmless(cell)))
            .map_err(anyhow::Error::from)?;
    }
    let bytes = writer.into_inner().map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Puts an apostrophe before what a spreadsheet takes for a formula (`= + - @`, tab, carriage return).
fn harmless(cell: &str) -> String {
    match cell.chars().next() {
        Some('-' | '+') if cell.parse::<f64>().is_ok() => cell.to_owned(),
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cell}"),
        Some(_) | None => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_numbers_stay_numbers() {
        for (cell, written) in [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+39 06", "'+39 06"),
            ("-12.5", "-12.5"),
            ("-cmd", "'-cmd"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("POMEZIA", "POMEZIA"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), written);
        }
    }
}

//! The list as CSV that Italian spreadsheets open by double click: UTF-8 with its mark, semicolons, every cell quoted.

use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};

use super::{Cell, Line, yes_no};
use crate::documents::moment::Moment;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The beginning of the file: its mark and the names of the columns.
pub fn csv_head<L: Line>() -> Vec<u8> {
    let mut bytes = BYTE_ORDER_MARK.to_vec();
    bytes.extend(written(|writer| writer.write_record(L::COLUMNS)));
    bytes
}

/// Lines as the file holds them.
pub fn csv_lines<L: Line>(lines: &[L]) -> Vec<u8> {
    written(|writer| {
        lines
            .iter()
            .try_for_each(|line| writer.write_record(line.cells().iter().map(shown)))
    })
}

fn written(write: impl FnOnce(&mut Writer<Vec<u8>>) -> csv::Result<()>) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .delimiter(b';')
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    write(&mut writer).expect("every line has as many cells as there are columns, and memory takes them");
    writer.into_inner().expect("memory takes everything")
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => neutral(text),
        Cell::Day(day) => day.map_or_else(String::new, |day| day.format("%d/%m/%Y").to_string()),
        Cell::Moment(at) => Moment::new(*at).to_string(),
        Cell::Flag(flag) => yes_no(*flag).to_owned(),
        Cell::Number(number) => number.to_string(),
        // Italian spreadsheets part a number by a comma.
        Cell::Measure(measure) => {
            measure.map_or_else(String::new, |one| format!("{one:.1}").replace('.', ","))
        }
    }
}

/// A spreadsheet runs a cell that begins like a formula: an apostrophe makes it text.
fn neutral(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::list::{COLUMNS, ListLine};

    #[test]
    fn cells_that_would_run_become_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(neutral(formula), format!("'{formula}"));
        }
        for harmless in ["", "a=1", "Rossi-Bianchi", " =1"] {
            assert_eq!(neutral(harmless), harmless);
        }
    }

    #[test]
    fn the_file_begins_with_its_mark_and_names_its_columns() {
        let head = String::from_utf8(csv_head::<ListLine>()).unwrap();
        assert!(
            head.starts_with("\u{feff}\"Data richiesta\";\"Numero protocollo\";"),
            "{head}"
        );
        assert!(head.ends_with("\"Appuntamento\"\r\n"), "{head}");
    }

    proptest::proptest! {
        /// Whatever people wrote is in its cell when the file is read again, but for an apostrophe before a formula.
        #[test]
        fn every_text_comes_back_from_the_file(texts in proptest::array::uniform::<_, { COLUMNS.len() }>("(?s).{0,12}|[=+@\t;\"\r\n-]{0,6}")) {
            let line = ListLine(texts.clone().map(Cell::Text));
            let bytes = csv_lines(&[line]);
            let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(&bytes[..]);
            let read = reader.records().next().unwrap().unwrap();
            proptest::prop_assert_eq!(read.len(), texts.len());
            for (cell, text) in read.iter().zip(&texts) {
                proptest::prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']));
                proptest::prop_assert_eq!(cell.strip_prefix('\'').filter(|rest| rest == text).unwrap_or(cell), text);
            }
        }
    }
}

//! The list as a workbook: dates are dates, texts are texts and never formulas. Lines go to a file as they come, so
//! that a list of any length takes the same memory.

use std::fs::File;
use std::io::{self, Seek};

use rust_xlsxwriter::{DocProperties, Format, Workbook, XlsxError};

use super::{Cell, Line, yes_no};
use crate::documents::moment::Moment;

/// A workbook that cannot be written: the disk is full, or there is none.
#[derive(Debug, thiserror::Error)]
pub enum SpreadsheetError {
    #[error("the workbook cannot be written: {0}")]
    Workbook(#[from] XlsxError),
    #[error("the workbook cannot be kept: {0}")]
    File(#[from] io::Error),
}

/// A sheet holds 1,048,576 rows; the next million goes to another.
const ROWS_OF_A_SHEET: u32 = 1_000_000;

/// A workbook in the making.
pub struct Spreadsheet {
    workbook: Workbook,
    columns: &'static [&'static str],
    /// Of the last sheet; its first row names the columns.
    row: u32,
    formats: Formats,
}

struct Formats {
    head: Format,
    day: Format,
    moment: Format,
}

impl Spreadsheet {
    /// For lines of one kind.
    pub fn of<L: Line>(title: &str) -> Result<Self, SpreadsheetError> {
        let mut workbook = Workbook::new();
        workbook.set_properties(&DocProperties::new().set_title(title));
        let mut spreadsheet = Self {
            workbook,
            columns: L::COLUMNS,
            row: 0,
            formats: Formats {
                head: Format::new().set_bold(),
                day: Format::new().set_num_format("dd/mm/yyyy"),
                moment: Format::new().set_num_format("dd/mm/yyyy hh:mm:ss"),
            },
        };
        spreadsheet.begin_sheet()?;
        Ok(spreadsheet)
    }

    fn begin_sheet(&mut self) -> Result<(), SpreadsheetError> {
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, name) in (0_u16..).zip(self.columns) {
            sheet.set_column_width(column, 22)?;
            sheet.write_string_with_format(0, column, *name, &self.formats.head)?;
        }
        self.row = 0;
        Ok(())
    }

    pub fn add<L: Line>(&mut self, lines: &[L]) -> Result<(), SpreadsheetError> {
        for line in lines {
            if self.row == ROWS_OF_A_SHEET {
                self.begin_sheet()?;
            }
            self.row += 1;
            self.write(line.cells())?;
        }
        Ok(())
    }

    fn write(&mut self, cells: &[Cell]) -> Result<(), SpreadsheetError> {
        let last = self.workbook.worksheets().len() - 1;
        let sheet = self.workbook.worksheet_from_index(last)?;
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Text(text) if text.is_empty() => {}
                Cell::Text(text) => {
                    sheet.write_string(self.row, column, text)?;
                }
                Cell::Day(None) | Cell::Measure(None) => {}
                Cell::Day(Some(day)) => {
                    sheet.write_datetime_with_format(self.row, column, day, &self.formats.day)?;
                }
                Cell::Moment(at) => {
                    let wall = Moment::new(*at).wall_clock();
                    sheet.write_datetime_with_format(self.row, column, wall, &self.formats.moment)?;
                }
                Cell::Flag(flag) => {
                    sheet.write_string(self.row, column, yes_no(*flag))?;
                }
                Cell::Number(number) => {
                    sheet.write_number(self.row, column, u32::try_from(*number).unwrap_or(u32::MAX))?;
                }
                Cell::Measure(Some(measure)) => {
                    sheet.write_number(self.row, column, *measure)?;
                }
            }
        }
        Ok(())
    }

    /// The finished workbook: a file without a name, at its beginning, gone once it is closed.
    pub fn finish(mut self) -> Result<File, SpreadsheetError> {
        let mut file = tempfile::tempfile()?;
        self.workbook.save_to_writer(io::BufWriter::new(&file))?;
        file.rewind()?;
        Ok(file)
    }
}

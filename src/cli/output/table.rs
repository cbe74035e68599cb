//! Tables for people: plain columns, cut to the terminal's width where there is a terminal.

use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};

use super::Row;

/// The width below which wrapping leaves single letters.
const NARROWEST: u16 = 40;

pub(super) fn columns<R: Row>(rows: &[R], terminal: bool, colours: bool) -> String {
    let mut table = plain(terminal);
    table.set_header(R::COLUMNS.iter().map(|name| heading(name, colours)));
    table.add_rows(
        rows.iter()
            .map(|row| row.cells().iter().map(|cell| visible(cell)).collect::<Vec<_>>()),
    );
    trimmed(&table)
}

pub(super) fn fields<R: Row>(row: &R, terminal: bool, colours: bool) -> String {
    let mut table = plain(terminal);
    for (name, cell) in R::COLUMNS.iter().zip(row.cells()) {
        table.add_row(vec![heading(name, colours), Cell::new(visible(&cell))]);
    }
    trimmed(&table)
}

fn plain(terminal: bool) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    // Cells are wrapped to fit a terminal; elsewhere, and where a terminal does not know its width, a line is a row.
    if terminal && table.width().is_some_and(|width| width >= NARROWEST) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table
            .set_content_arrangement(ContentArrangement::Disabled)
            .force_no_tty();
    }
    table
}

fn heading(name: &str, colours: bool) -> Cell {
    let cell = Cell::new(name.replace('_', " ").to_uppercase());
    if colours {
        cell.add_attribute(Attribute::Bold)
    } else {
        cell
    }
}

/// A cell cannot break its line or steer the terminal.
fn visible(cell: &str) -> String {
    cell.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn trimmed(table: &Table) -> String {
    table
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned() + "\n")
        .collect()
}

//! Papers made of requests: the summary to print ("Stampa riepilogo", R-105), as HTML and as PDF, and lists for
//! spreadsheets.
//!
//! What a paper says is decided once, in [`Summary`], [`ListLine`] and [`FigureLine`]; the renderers only decide how it looks.

mod clean;
mod html;
mod list;
mod moment;
mod pdf;
mod summary;
#[cfg(test)]
mod tests;
mod words;

pub use html::{HtmlPage, html};
pub use list::{Cell, FigureLine, Line, ListLine, Spreadsheet, SpreadsheetError, csv_head, csv_lines};
pub use pdf::{PdfError, pdf};
pub use summary::{Summary, Surroundings};
pub use words::size;

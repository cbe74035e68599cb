//! The summary as a PDF that can be read aloud (tagged, PDF/UA-1) and kept (PDF/A-2a): krilla refuses to write one
//! that is not.

mod compose;
mod flow;
mod paint;
mod text;

use super::summary::Summary;
use text::Typesetter;

/// A summary that cannot be written: a fault of the program.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    #[error("the embedded fonts cannot be read")]
    Fonts,
    #[error("the standards the PDF is written by do not fit together")]
    Standards,
    #[error("the PDF is not fit to be kept or read aloud: {0}")]
    Invalid(#[from] krilla::error::KrillaError),
}

/// Writes the PDF. Takes some milliseconds of work: not for a thread that serves others.
pub fn pdf(summary: &Summary) -> Result<Vec<u8>, PdfError> {
    let mut typesetter = Typesetter::new();
    let flow = compose::compose(summary, &mut typesetter)?;
    paint::paint(summary, &flow, &mut typesetter)
}

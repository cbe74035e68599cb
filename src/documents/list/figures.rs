//! The figures of the statistics for spreadsheets, with the columns of the manual's Figure 21.

use super::{Cell, Line};
use crate::documents::clean::clean;
use crate::domain::filter::Figure;

const COLUMNS: [&str; 11] = [
    "Richieste",
    Figure::Open.label(),
    Figure::Overdue.label(),
    Figure::FirstSolicit.label(),
    Figure::SecondSolicit.label(),
    Figure::Closed.label(),
    Figure::AppointmentEnabled.label(),
    Figure::Appointment.label(),
    "Risposte",
    "Giorni di attesa (mediana)",
    "Giorni di attesa (90° percentile)",
];

/// The figures of one group of requests.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureLine([Cell; COLUMNS.len()]);

impl FigureLine {
    /// `count` answers for each figure; `days`: median and 90th percentile.
    pub fn new(
        name: &str,
        count: impl Fn(Figure) -> u64,
        replies: u64,
        (median, ninetieth): (Option<f64>, Option<f64>),
    ) -> Self {
        let figure = |figure| Cell::Number(count(figure));
        Self([
            Cell::Text(clean(name)),
            figure(Figure::Open),
            figure(Figure::Overdue),
            figure(Figure::FirstSolicit),
            figure(Figure::SecondSolicit),
            figure(Figure::Closed),
            figure(Figure::AppointmentEnabled),
            figure(Figure::Appointment),
            Cell::Number(replies),
            Cell::Measure(median),
            Cell::Measure(ninetieth),
        ])
    }
}

impl Line for FigureLine {
    const COLUMNS: &'static [&'static str] = &COLUMNS;

    fn cells(&self) -> &[Cell] {
        &self.0
    }
}

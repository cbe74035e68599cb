//! What replaying a dead letter would do, as a line.

use serde::Serialize;

use super::Line;
use crate::admin::dead_letters::{Rehearsed, Replayed};
use crate::cli::output::Row;

#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Prospect(pub(super) Rehearsed);

impl Row for Prospect {
    const COLUMNS: &'static [&'static str] = &["id", "outcome", "detail"];

    fn cells(&self) -> Vec<String> {
        let Rehearsed { id, unfit, .. } = &self.0;
        match unfit.clone() {
            None => vec![id.to_string(), "would be worked".to_owned(), String::new()],
            Some(unfit) => {
                let [id, outcome, _, detail] = Line(Replayed {
                    id: *id,
                    fate: unfit.into(),
                })
                .columns();
                vec![id, outcome, detail]
            }
        }
    }
}

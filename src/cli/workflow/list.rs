//! `usciere workflow list`.

use serde::Serialize;

use super::find;
use crate::admin::workflows::{self, WorkflowLine};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::session::Session;

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Definition(WorkflowLine);

impl Row for Definition {
    const COLUMNS: &'static [&'static str] = &["name", "version", "title", "states", "released", "sha256"];

    fn cells(&self) -> Vec<String> {
        let line = &self.0;
        vec![
            line.name.to_string(),
            line.version.to_string(),
            line.title.clone(),
            line.states.to_string(),
            if line.released { "yes" } else { "no" }.to_owned(),
            line.sha256.clone(),
        ]
    }
}

pub(super) fn run(session: &mut Session) -> Result<Exit, Failure> {
    let folder = session.load(None)?.config.workflows.dir;
    let registry = find::registry(session)?;
    let lines = workflows::list(&folder, &registry)
        .map_err(|problem| Failure::new(Exit::Failed, problem.to_string()))?;
    let definitions: Vec<Definition> = lines.into_iter().map(Definition).collect();
    session.printer.rows(&definitions)?;
    Ok(Exit::Ok)
}

//! `usciere workflow graph`.

use super::{GraphFormat, WorkflowGraphArgs, find};
use crate::cli::exit::{Exit, Failure};
use crate::cli::reach;
use crate::cli::session::Session;
use crate::workflow::graph::{mermaid, svg};

pub(super) async fn run(args: &WorkflowGraphArgs, session: &mut Session) -> Result<Exit, Failure> {
    let workflow = find::workflow(&args.workflow, session)?;
    let counts = if args.counts {
        let (_, store) = reach::database(session).await?;
        Some(store.state_counts(workflow.reference()).await?)
    } else {
        None
    };
    let picture = match args.format {
        GraphFormat::Mermaid => mermaid(&workflow, counts.as_ref()),
        GraphFormat::Svg => svg(&workflow, counts.as_ref()),
    };
    session.printer.document(&picture)?;
    Ok(Exit::Ok)
}

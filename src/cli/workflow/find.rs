//! From what a person wrote to the definition that is meant.

use std::path::Path;
use std::sync::Arc;

use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::domain::case::{WorkflowName, WorkflowRef};
use crate::workflow::registry::check_file;
use crate::workflow::{Problems, Registry, Workflow};

pub(super) const HELP: &str =
    "Name (richiesta: its latest version), name and version (richiesta.v1), or a file";

/// The definition a person means.
pub(super) fn workflow(text: &str, session: &mut Session) -> Result<Arc<Workflow>, Failure> {
    let path = Path::new(text);
    if path.extension().is_some_and(|extension| extension == "toml") {
        there(path)?;
        return match check_file(path) {
            Ok(workflow) => Ok(Arc::new(workflow)),
            Err(problems) => Err(complain(&problems, session)),
        };
    }
    let registry = registry(session)?;
    named(text, &registry).cloned().ok_or_else(|| {
        let known: Vec<String> = registry
            .iter()
            .map(|workflow| workflow.reference().to_string())
            .collect();
        Failure::not_found(format!("no workflow is called {text}"))
            .fix(format!("one of {}, or a file", known.join(", ")))
    })
}

/// A path somebody wrote must lead somewhere.
pub(super) fn there(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    Err(Failure::not_found(format!("there is no {}", path.display())))
}

/// All definitions of the folder that the configuration names.
pub(super) fn registry(session: &mut Session) -> Result<Registry, Failure> {
    let folder = session.load(None)?.config.workflows.dir;
    Registry::load(&folder).map_err(|problems| complain(&problems, session))
}

/// Lists the problems, and sums them up.
pub(super) fn complain(problems: &Problems, session: &mut Session) -> Failure {
    session.printer.complain(problems);
    Failure::new(Exit::Failed, "the workflow definitions have problems")
}

fn named<'a>(text: &str, registry: &'a Registry) -> Option<&'a Arc<Workflow>> {
    if let Ok(name) = WorkflowName::parse(text) {
        return registry.latest(&name);
    }
    registry.get(&text.parse::<WorkflowRef>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_is_meant_by_name_or_by_name_and_version() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
        let registry = Registry::load(&folder).unwrap_or_else(|problems| panic!("{problems}"));
        for (text, meant) in [
            ("richiesta", Some("richiesta.v1")),
            ("quesito.v1", Some("quesito.v1")),
            ("richiesta.v99", None),
            ("richiesta.vx", None),
            ("altro", None),
            ("", None),
        ] {
            let found = named(text, &registry).map(|workflow| workflow.reference().to_string());
            assert_eq!(found.as_deref(), meant, "{text}");
        }
    }
}

//! The workflow definitions as far as commands read them: the labels of states. Without them states have names.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::cli::output::Printer;
use crate::domain::case::{Case, StateName, WorkflowRef};
use crate::domain::filter::BookingRule;
use crate::workflow::{Registry, Workflow};

pub(in crate::cli) struct Flows(Registry);

impl Flows {
    /// Reads the folder. Looking at requests must not fail because of it: what is wrong is said, and done without.
    pub(in crate::cli) fn load(folder: &Path, printer: &mut Printer) -> Self {
        Self(Registry::load(folder).unwrap_or_else(|_| {
            let looked = std::path::absolute(folder);
            printer.say(format!(
                "the workflow definitions in {} cannot be read: states show their names, and what is allowed is \
                 unknown\n  fix: set workflows.dir; `usciere workflow check` says what is wrong with a folder",
                looked.as_deref().unwrap_or(folder).display()
            ));
            Registry::default()
        }))
    }

    #[cfg(test)]
    pub(in crate::cli) const fn of(registry: Registry) -> Self {
        Self(registry)
    }

    pub(super) fn workflow(&self, reference: &WorkflowRef) -> Option<&Workflow> {
        self.0.get(reference).map(AsRef::as_ref)
    }

    /// When senders may book, as of now.
    pub(in crate::cli) fn booking_rules(&self, now: DateTime<Utc>) -> Vec<BookingRule> {
        self.0.booking_rules(now)
    }

    /// What people call the state a request is in.
    pub(super) fn label(&self, case: &Case) -> String {
        self.label_of(&case.workflow, &case.state)
    }

    pub(super) fn label_of(&self, reference: &WorkflowRef, state: &StateName) -> String {
        let label = self
            .workflow(reference)
            .and_then(|workflow| workflow.state_label(state));
        label.map_or_else(|| state.to_string(), str::to_owned)
    }
}

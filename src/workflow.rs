//! Workflows as data (`workflows/*.toml`) and the pure rules that run them.
//!
//! [`Workflow::parse`] turns a file into a checked table or lists everything wrong with it; [`decide()`] and
//! [`offers()`] read that one table, so engine, API and pages cannot disagree. No I/O but
//! in [`registry`] and [`scenario`].

mod check;
mod compile;
mod deadlines;
mod decide;
mod definition;
mod diff;
mod explain;
#[cfg(test)]
mod fixtures;
pub mod graph;
#[cfg(test)]
mod invariants;
pub mod model;
mod offers;
mod opening;
mod parse;
mod problems;
mod question;
mod refuse;
pub mod registry;
pub mod scenario;
pub mod simulate;
pub mod vocabulary;

pub use deadlines::{Deadline, DeadlineKind, deadlines};
pub use decide::{Decision, decide};
pub use definition::{Fingerprint, State, Workflow};
pub use diff::diff;
pub use offers::{Offer, offers};
pub use opening::{Opened, Opening, Past, Unreplayable, open, replay};
pub use problems::{Problem, Problems};
pub use refuse::strangers;
pub use registry::Registry;

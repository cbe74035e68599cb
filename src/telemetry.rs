//! What the engine says about itself while it runs: log lines and numbers.
//!
//! A failure is logged once, where it is handled. Fields are dotted by entity (`case.id`, `message.id`, `sede.code`,
//! `job.name`), with the unit in the name of a number (`duration_ms`). Codes and ids only: no codice fiscale, name,
//! address, text or e-mail ever (see [`redact`]).

pub mod log;
pub mod metrics;
pub mod redact;

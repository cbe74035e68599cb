//! What those who run usciere see and do: one piece for the command line and for HTTP, so that both tell the same.

pub mod dead_letters;
pub mod jobs;
pub mod mails;
pub mod queues;
pub mod workflows;

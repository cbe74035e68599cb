//! Mails.

pub mod caught;
pub mod message;
pub mod templates;

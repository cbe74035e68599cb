//! The configuration. (Minimal: the config branch takes its place.)

pub mod interval;
pub mod jobs;
pub mod mail;
pub mod secret_url;

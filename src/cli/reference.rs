//! The reference pages of the command line and of the configuration, generated so that they stay true.

/// `docs/cli.md`.
pub fn command_line() -> String {
    String::new()
}

/// `docs/configuration.md`.
pub fn configuration() -> String {
    String::new()
}

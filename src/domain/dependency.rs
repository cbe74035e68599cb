//! What lies outside the engine's own database and may be away while a command needs it.

use super::event::words;
use super::registers::RegisterName;

words!(
    /// What has to answer before a command can be decided.
    Dependency {
        Citizens = "citizens",
        Practices = "practices",
        /// The store of files.
        Attachments = "attachments",
    }
);

impl From<RegisterName> for Dependency {
    fn from(register: RegisterName) -> Self {
        match register {
            RegisterName::Citizens => Self::Citizens,
            RegisterName::Practices => Self::Practices,
        }
    }
}

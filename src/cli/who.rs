//! Who runs this command: what decisions by hand are signed with, and the audit of them.

use nix::unistd::{Uid, User};

use super::exit::Failure;
use crate::domain::audit::AuditEntry;
use crate::store::{DeadLetterId, Store};

/// The name of the operating system's user, or its number where it has none. Not from the environment, which anyone
/// may set.
pub fn user() -> String {
    let uid = Uid::current();
    User::from_uid(uid)
        .ok()
        .flatten()
        .map_or_else(|| format!("uid {uid}"), |user| user.name)
}

/// Leaves a row in the audit that this user does something, before it is done: what cannot be written down is not done.
pub async fn note(store: &Store, action: &'static str, about: String) -> Result<(), Failure> {
    let entry = AuditEntry::of_administrator(&user(), action, about);
    Ok(store.record(&[entry]).await?)
}

/// The same of dead letters, a row for each.
pub async fn note_letters(store: &Store, action: &'static str, ids: &[DeadLetterId]) -> Result<(), Failure> {
    let (user, about) = (user(), |id| format!("dead letter {id}"));
    let entries: Vec<AuditEntry> = ids
        .iter()
        .map(|id| AuditEntry::of_administrator(&user, action, about(id)))
        .collect();
    Ok(store.record(&entries).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_runs_it() {
        assert!(!user().is_empty());
    }
}

//! Who runs this command: what decisions by hand are signed with.

use nix::unistd::{Uid, User};

/// The name of the operating system's user, or its number where it has none. Not from the environment, which anyone
/// may set.
pub fn user() -> String {
    let uid = Uid::current();
    User::from_uid(uid)
        .ok()
        .flatten()
        .map_or_else(|| format!("uid {uid}"), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_runs_it() {
        assert!(!user().is_empty());
    }
}

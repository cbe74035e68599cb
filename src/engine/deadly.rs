//! When work that ends the process is no longer begun.

/// Work begun this often without an end condemns a command. More than one: a process also ends for reasons of its own,
/// and whatever it had in hand then is innocent.
const ATTEMPTS: u32 = 3;

/// Why a command is not begun once more; `None` while it is.
pub fn condemned(attempt: u32) -> Option<String> {
    if attempt <= ATTEMPTS {
        return None;
    }
    tracing::error!(
        attempts = ATTEMPTS,
        "a message ends the process and is kept as a dead letter"
    );
    Some(format!(
        "the process ended {ATTEMPTS} times while it was being worked"
    ))
}

//! For tests: `FAIL_BODY=mark` has bodies with that mark end the process. Not compiled into a release.

use std::sync::LazyLock;

/// The bytes that make a body deadly.
static DEADLY: LazyLock<Option<Vec<u8>>> = LazyLock::new(|| {
    let mark = std::env::var_os("FAIL_BODY")?;
    Some(mark.into_encoded_bytes()).filter(|mark| !mark.is_empty())
});

/// Ends the process, as a stack overflow or a foreign abort would, where the body carries the mark.
pub(super) fn strike(body: &[u8]) {
    if let Some(mark) = &*DEADLY
        && body.windows(mark.len()).any(|part| part == mark)
    {
        std::process::abort();
    }
}

//! For tests: commands that break what works them. Not compiled into a release.
//!
//! `FAIL_BODY=mark` has a body with that mark end the process as it is read, as a foreign abort or an overflowing stack
//! would; `FAIL_RULE=mark` has the rules panic over it.

use std::sync::LazyLock;

use super::Original;

static ABORTS: LazyLock<Option<Vec<u8>>> = LazyLock::new(|| mark("FAIL_BODY"));
static PANICS: LazyLock<Option<Vec<u8>>> = LazyLock::new(|| mark("FAIL_RULE"));

/// Ends the process over a deadly body.
pub(crate) fn abort_over(body: &[u8]) {
    if carries(body, ABORTS.as_ref()) {
        std::process::abort();
    }
}

/// Panics over a command that came with a deadly body.
pub(super) fn panic_over(original: Option<&dyn Original>) {
    if PANICS.is_some() {
        let body = original.map(|original| original.keep().body).unwrap_or_default();
        assert!(!carries(&body, PANICS.as_ref()), "a deadly body");
    }
}

fn mark(variable: &str) -> Option<Vec<u8>> {
    let mark = std::env::var_os(variable)?.into_encoded_bytes();
    (!mark.is_empty()).then_some(mark)
}

fn carries(body: &[u8], mark: Option<&Vec<u8>>) -> bool {
    mark.is_some_and(|mark| body.windows(mark.len()).any(|part| part == mark))
}

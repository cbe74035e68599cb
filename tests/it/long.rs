//! Tests that grow: small in every run, as large as they are meant to be with `LONG_TESTS=1`.

/// How much a test does.
pub(crate) fn amount(small: usize, large: usize) -> usize {
    if std::env::var_os("LONG_TESTS").is_some_and(|wanted| wanted == "1") {
        large
    } else {
        small
    }
}

//! What the variables say, and what is done about it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid};

use super::FailPoint;

/// The point, and how often it may still be passed.
static POINT: LazyLock<Option<(FailPoint, AtomicU64)>> = LazyLock::new(|| {
    let (point, times) = read(&text("FAIL_POINT")?)?;
    Some((point, AtomicU64::new(times)))
});
static ABORTS: LazyLock<Option<String>> = LazyLock::new(|| text("FAIL_BODY"));
static PANICS: LazyLock<Option<String>> = LazyLock::new(|| text("FAIL_RULE"));
static CLOCK_ERROR: LazyLock<TimeDelta> = LazyLock::new(|| {
    let seconds = text("FAIL_CLOCK").and_then(|seconds| seconds.parse().ok());
    TimeDelta::seconds(seconds.unwrap_or(0))
});

pub(super) fn reached(point: FailPoint) {
    if let Some((armed, left)) = &*POINT
        && *armed == point
        && left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        // Nobody is left to hear of an error.
        let _ = kill(Pid::this(), Signal::SIGKILL);
    }
}

pub(super) fn abort_over(body: &[u8]) {
    if carries(body, ABORTS.as_deref()) {
        std::process::abort();
    }
}

pub(super) fn panic_over(body: impl FnOnce() -> Vec<u8>) {
    if PANICS.is_some() {
        assert!(!carries(&body(), PANICS.as_deref()), "a deadly body");
    }
}

pub(super) fn clock_error() -> TimeDelta {
    *CLOCK_ERROR
}

pub(super) fn live_with_parent() {
    let Some(parent) = text("LIVES_WITH").and_then(|parent| parent.parse().ok()) else {
        return;
    };
    let asked = set_pdeathsig(Signal::SIGKILL);
    // It may have gone before it was asked for.
    if asked.is_err() || getppid() != Pid::from_raw(parent) {
        std::process::abort();
    }
}

/// `committed@3`
fn read(order: &str) -> Option<(FailPoint, u64)> {
    let (point, times) = order.split_once('@').unwrap_or((order, "1"));
    Some((
        FailPoint::from_word(point)?,
        times.parse().ok().filter(|times| *times > 0)?,
    ))
}

fn text(variable: &str) -> Option<String> {
    let text = std::env::var_os(variable)?.into_string().ok()?;
    (!text.is_empty()).then_some(text)
}

fn carries(body: &[u8], mark: Option<&str>) -> bool {
    mark.is_some_and(|mark| body.windows(mark.len()).any(|part| part == mark.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_a_point_and_a_time() {
        assert_eq!(read("committed@3"), Some((FailPoint::Committed, 3)));
        assert_eq!(read("published"), Some((FailPoint::Published, 1)));
        for wrong in ["", "committed@0", "committed@", "nowhere@1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_a_body_with_the_mark_is_deadly() {
        assert!(carries(b"una parola mortale", Some("mortale")));
        assert!(!carries(b"una parola", Some("mortale")));
        assert!(!carries(b"una parola mortale", None));
    }
}

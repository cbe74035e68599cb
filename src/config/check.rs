//! Collects what is wrong with values that are well formed but make no sense.

use super::interval::Interval;
use super::secret_url::SecretUrl;

/// One value that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Dotted, as in `http.listen`.
    pub key: String,
    /// What is wrong, to be read after the key: `is empty`.
    pub problem: String,
    pub fix: String,
}

/// Every fault found so far. Sections add to it and never stop at the first.
#[derive(Debug, Default)]
pub struct Checks(Vec<Fault>);

impl Checks {
    pub fn add(&mut self, key: impl Into<String>, problem: impl Into<String>, fix: impl Into<String>) {
        self.0.push(Fault {
            key: key.into(),
            problem: problem.into(),
            fix: fix.into(),
        });
    }

    pub fn not_zero(&mut self, key: &str, interval: Interval) {
        if interval.is_zero() {
            self.add(key, "is zero", "write a length of time such as 5s");
        }
    }

    pub fn scheme(&mut self, key: &str, url: &SecretUrl, allowed: &[&str]) {
        if !allowed.contains(&url.scheme()) {
            let wanted = allowed
                .iter()
                .map(|scheme| format!("{scheme}://"))
                .collect::<Vec<_>>()
                .join(" or ");
            self.add(key, "has the wrong scheme", format!("begin it with {wanted}"));
        }
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.0
    }
}

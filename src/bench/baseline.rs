//! An earlier run to compare with. It warns and fails nothing: machines differ, and so do their days.

use std::path::Path;

use serde::Deserialize;

use super::report::{Aim, Line, Report};

/// A ratio that much worse than before is worth a look.
const WORSE: f64 = 0.10;

/// What is read of an earlier report.
#[derive(Debug, Deserialize)]
pub struct Baseline {
    lines: Vec<Earlier>,
}

#[derive(Debug, Deserialize)]
struct Earlier {
    measure: String,
    ratio: Option<f64>,
}

#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    #[error("the earlier run cannot be read")]
    Unreadable(#[from] std::io::Error),
    #[error("the earlier run is no report of `usciere bench -o json`")]
    NoReport(#[from] serde_json::Error),
}

impl Baseline {
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
    }

    /// What got worse, for people to read.
    pub fn warnings(&self, report: &Report) -> Vec<String> {
        report
            .lines
            .iter()
            .filter_map(|line| self.warning(line))
            .collect()
    }

    fn warning(&self, line: &Line) -> Option<String> {
        let earlier = self
            .lines
            .iter()
            .find(|earlier| earlier.measure == line.measure)?;
        let (before, now) = (earlier.ratio?, line.ratio?);
        let worse = match line.aim? {
            Aim::AtLeast(_) => now < before * (1.0 - WORSE),
            Aim::AtMost(_) => now > before * (1.0 + WORSE),
        };
        worse.then(|| {
            format!(
                "{}: {now:.2} of the limit, {before:.2} in the earlier run",
                line.measure
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(measure: &'static str, ratio: f64, aim: Aim) -> Line {
        Line {
            measure,
            unit: "",
            limit: None,
            engine: 0.0,
            ratio: Some(ratio),
            aim: Some(aim),
        }
    }

    #[test]
    fn only_what_got_clearly_worse_is_told() {
        let earlier =
            r#"{"lines": [{"measure": "live", "ratio": 0.8}, {"measure": "latency p50", "ratio": 1.5}]}"#;
        let baseline: Baseline = serde_json::from_str(earlier).unwrap();
        let told = |line: &Line| baseline.warning(line);
        assert_eq!(told(&line("live", 0.75, Aim::AtLeast(0.8))), None);
        assert_eq!(told(&line("latency p50", 1.2, Aim::AtMost(2.0))), None);
        assert_eq!(told(&line("new", 0.1, Aim::AtLeast(0.8))), None);
        assert_eq!(
            told(&line("live", 0.5, Aim::AtLeast(0.8))).as_deref(),
            Some("live: 0.50 of the limit, 0.80 in the earlier run")
        );
        assert!(told(&line("latency p50", 1.9, Aim::AtMost(2.0))).is_some());
    }
}

//! `usciere doctor`: what keeps the system from working, and how to mend it. Changes nothing and sends nothing.

mod files;
mod issuer;
mod machine;
mod services;
mod smtp;

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::{Format, Row};
use super::session::Session;
use crate::config::{Mistake, Mistakes};

/// Look for what keeps the system from working; the exit code is 1 if something does
#[derive(Debug, Args)]
#[command(after_help = "\
Looks at the configuration and its secrets, the database and its schema, the broker and what is
declared there, the mail server, the bucket of files, the virus scanner, the issuer of tokens, the
folders, the workflow files and the time zones.
Changes nothing, sends nothing.

Examples:
  usciere doctor
  usciere doctor -o json --profile prod")]
pub struct DoctorArgs {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    Good,
    /// The system works, but not as it should for long.
    Warning,
    Bad,
}

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    health: Health,
    /// What was looked at: `database`, `broker`.
    part: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Finding {
    fn good(part: &'static str, message: impl Into<String>) -> Self {
        Self {
            health: Health::Good,
            part,
            message: message.into(),
            fix: None,
        }
    }

    fn warning(part: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            health: Health::Warning,
            part,
            message: message.into(),
            fix: Some(fix.into()),
        }
    }

    fn bad(part: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            health: Health::Bad,
            part,
            message: message.into(),
            fix: Some(fix.into()),
        }
    }
}

impl Health {
    fn mark(self) -> (&'static str, &'static str) {
        match self {
            Self::Good => ("✔", "32"),
            Self::Warning => ("!", "33"),
            Self::Bad => ("✘", "31"),
        }
    }
}

impl Row for Finding {
    const COLUMNS: &'static [&'static str] = &["health", "part", "message", "fix"];

    fn cells(&self) -> Vec<String> {
        let health = match self.health {
            Health::Good => "good",
            Health::Warning => "warning",
            Health::Bad => "bad",
        };
        let fix = self.fix.clone().unwrap_or_default();
        vec![health.to_owned(), self.part.to_owned(), self.message.clone(), fix]
    }
}

pub async fn run(session: &mut Session) -> Result<Exit, Failure> {
    let findings = match session.try_load(None) {
        Ok(loaded) => {
            let mut findings = machine::look(&loaded);
            findings.extend(services::look(&loaded.config).await);
            findings
        }
        // Nothing else can be looked at with a configuration that cannot be read.
        Err(mistakes) => of_mistakes(mistakes),
    };
    match session.printer.format() {
        Format::Table => {
            let lines: String = findings.iter().map(|finding| line(finding, session)).collect();
            session.printer.document(&lines)?;
        }
        Format::Json | Format::Jsonl | Format::Csv => session.printer.rows(&findings)?,
    }
    let bad = findings.iter().any(|finding| finding.health == Health::Bad);
    Ok(if bad { Exit::Failed } else { Exit::Ok })
}

fn of_mistakes(mistakes: Mistakes) -> Vec<Finding> {
    let finding = |mistake: Mistake| {
        let subject = mistake
            .key
            .into_iter()
            .chain(mistake.origin.map(|origin| format!("({origin})")));
        let subject = subject.collect::<Vec<_>>().join(" ");
        Finding::bad(
            "configuration",
            format!("{subject} {}", mistake.problem),
            mistake.fix,
        )
    };
    mistakes.0.into_iter().map(finding).collect()
}

fn line(finding: &Finding, session: &Session) -> String {
    let (mark, colour) = finding.health.mark();
    let mark = session.printer.paint_data(mark, colour);
    let fix = finding
        .fix
        .as_ref()
        .map(|fix| format!("  {:14} fix: {fix}\n", ""))
        .unwrap_or_default();
    format!("{mark} {:14} {}\n{fix}", finding.part, finding.message)
}

#[cfg(test)]
mod tests;

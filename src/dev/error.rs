//! What can keep the private services from running, said so that the reader knows what to do next.
//!
//! It crosses the pipe from the guard to its parent, so causes are kept as text.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One of the two servers that development mode runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    Postgres,
    Broker,
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Broker => "RabbitMQ",
        })
    }
}

/// Why the private services do not run (any more).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServicesError {
    #[error(
        "not installed: {}. Run `scripts/setup`, or install {} yourself \
         (Debian, Ubuntu: `apt-get install postgresql rabbitmq-server`; Fedora: `dnf install postgresql-server \
         rabbitmq-server`; macOS: `brew install postgresql@17 rabbitmq`), or give DATABASE_URL and AMQP_URL",
        programs.join(", "),
        if programs.len() == 1 { "it" } else { "them" }
    )]
    ProgramsMissing { programs: Vec<String> },
    #[error("already running on {}{}: stop it first, or choose another data folder", folder.display(), owner(*pid))]
    AlreadyRunning { folder: PathBuf, pid: Option<u32> },
    #[error("the data folder {} cannot be used: {problem}", folder.display())]
    Folder { folder: PathBuf, problem: String },
    #[error("the servers refuse to run as root and no unprivileged user (postgres, nobody) was found")]
    NoAccount,
    #[error("{service} did not start: {problem}{}", tail(log))]
    Start {
        service: Service,
        problem: String,
        log: Vec<String>,
    },
    #[error("{service} stopped by itself: {problem}{}", tail(log))]
    Died {
        service: Service,
        problem: String,
        log: Vec<String>,
    },
    #[error("the guard of the private services {0}")]
    Guard(String),
}

fn owner(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

fn tail(log: &[String]) -> String {
    let mut text = String::new();
    for line in log {
        text.push_str("\n    ");
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_programs_say_what_to_install() {
        let error = ServicesError::ProgramsMissing {
            programs: vec!["RabbitMQ server".to_owned()],
        };
        insta::assert_snapshot!(error);
    }

    #[test]
    fn an_error_survives_the_way_through_the_pipe() {
        let error = ServicesError::Start {
            service: Service::Broker,
            problem: "ended with exit status: 1".to_owned(),
            log: vec!["BOOT FAILED".to_owned()],
        };
        let line = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<ServicesError>(&line).unwrap(), error);
        assert_eq!(
            error.to_string(),
            "RabbitMQ did not start: ended with exit status: 1\n    BOOT FAILED"
        );
    }
}

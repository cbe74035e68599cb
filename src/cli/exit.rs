//! How a command ends: a code scripts can rely on, and what went wrong, where, and how to mend it.

use std::fmt;

use serde::Serialize;

/// The exit codes of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Ok,
    Failed,
    /// Wrong arguments, or a question nobody could answer.
    Usage,
    /// Some of it was done, some refused.
    Partly,
    NotAllowed,
    NotFound,
    /// Somebody was quicker, or a limit is reached.
    Conflict,
    /// Broker, database or SMTP server cannot be reached.
    Unavailable,
    Configuration,
    Interrupted,
}

impl Exit {
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Partly,
        Self::NotAllowed,
        Self::NotFound,
        Self::Conflict,
        Self::Unavailable,
        Self::Configuration,
        Self::Interrupted,
    ];

    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partly => 3,
            Self::NotAllowed => 4,
            Self::NotFound => 5,
            Self::Conflict => 6,
            Self::Unavailable => 69,
            Self::Configuration => 78,
            Self::Interrupted => 130,
        }
    }

    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done",
            Self::Failed => "failed",
            Self::Usage => "wrong arguments, or a question that nobody could answer",
            Self::Partly => "partly done: some items were refused",
            Self::NotAllowed => "not allowed",
            Self::NotFound => "not found",
            Self::Conflict => "conflict: the state does not permit it",
            Self::Unavailable => "broker, database or SMTP server unavailable",
            Self::Configuration => "the configuration has mistakes",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command failed: what, how to mend it, the cause, and the code it ends with.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    what: String,
    fix: Option<String>,
    cause: Option<anyhow::Error>,
}

impl Failure {
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            fix: None,
            cause: None,
        }
    }

    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    pub fn not_found(what: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, what)
    }

    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::new(Exit::Unavailable, what)
    }

    pub fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }

    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// One sentence per cause; libraries often tell a cause of theirs themselves, and it is not said twice.
    fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        for cause in self.cause.iter().flat_map(anyhow::Error::chain) {
            let cause = cause.to_string();
            if causes.last().is_none_or(|previous| !previous.ends_with(&cause)) {
                causes.push(cause);
            }
        }
        causes
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for cause in self.causes() {
            write!(f, ": {cause}")?;
        }
        match &self.fix {
            Some(fix) => write!(f, "\n  fix: {fix}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

impl Serialize for Failure {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut fields = serializer.serialize_struct("Failure", 4)?;
        fields.serialize_field("error", &self.what)?;
        fields.serialize_field("causes", &self.causes())?;
        fields.serialize_field("fix", &self.fix)?;
        fields.serialize_field("exit_code", &self.exit.code())?;
        fields.end()
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self {
            exit: Exit::Failed,
            what: error.to_string(),
            fix: None,
            cause: error.chain().nth(1).map(|cause| anyhow::anyhow!("{cause}")),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failed, "input or output failed").caused_by(error)
    }
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Self {
        if error.is_passing() {
            Self::unavailable("the database cannot be reached")
                .caused_by(error)
                .fix("start PostgreSQL, or set database.url; `usciere doctor` looks closer")
        } else {
            Self::new(Exit::Failed, "the database refused").caused_by(error)
        }
    }
}

impl From<crate::config::Mistakes> for Failure {
    fn from(mistakes: crate::config::Mistakes) -> Self {
        Self::new(Exit::Configuration, mistakes.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_why_and_what_to_do() {
        let refused = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "connection refused");
        let failure = Failure::unavailable("the broker at localhost:5672 cannot be reached")
            .caused_by(refused)
            .fix("start RabbitMQ, or set amqp.url");
        insta::assert_snapshot!(failure, @r"
        the broker at localhost:5672 cannot be reached: connection refused
          fix: start RabbitMQ, or set amqp.url
        ");
        insta::assert_json_snapshot!(failure, @r#"
        {
          "error": "the broker at localhost:5672 cannot be reached",
          "causes": [
            "connection refused"
          ],
          "fix": "start RabbitMQ, or set amqp.url",
          "exit_code": 69
        }
        "#);
    }
}

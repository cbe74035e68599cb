//! What can go wrong with the database, sorted by what the caller can do about it.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Away, restarting, full or out of connections: try the same again later, nothing happened or all of it did.
    #[error("the database does not answer")]
    Unavailable(#[source] sqlx::Error),
    /// Two transactions met: try the same again now.
    #[error("the transaction lost against another one")]
    Conflict(#[source] sqlx::Error),
    /// Somebody else holds a lock for longer than we wait: try the same again later, as often as it takes.
    #[error("a lock is in other hands")]
    Locked(#[source] sqlx::Error),
    /// The session or the schema is in no state for it, or a right is missing: somebody's mistake or an upgrade half
    /// done, but never the data's fault. Try the same again later.
    #[error("the database cannot do this now")]
    Unfit(#[source] sqlx::Error),
    /// The database refused the data itself: trying the same again will not help, splitting the batch will.
    #[error("the database refused the data (SQLSTATE {state})")]
    Data {
        state: String,
        #[source]
        source: sqlx::Error,
    },
    /// A row that breaks our own rules: somebody wrote into the database by hand.
    #[error("corrupt row {id} in {table}: {column}")]
    Corrupt {
        table: &'static str,
        column: &'static str,
        id: String,
    },
    /// The schema of the database is not the one this binary was written for.
    #[error("the database schema does not fit this binary")]
    Schema(#[source] sqlx::migrate::MigrateError),
    #[error("unexpected database error")]
    Other(#[source] sqlx::Error),
}

impl StoreError {
    pub(crate) fn corrupt(table: &'static str, column: &'static str, id: impl std::fmt::Display) -> Self {
        Self::Corrupt {
            table,
            column,
            id: id.to_string(),
        }
    }

    /// Nothing came back for longer than anything lasts.
    pub(super) fn silent() -> Self {
        Self::Unavailable(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Conflict(_) | Self::Locked(_) | Self::Unfit(_) => true,
            Self::Data { .. } | Self::Corrupt { .. } | Self::Schema(_) | Self::Other(_) => false,
        }
    }

    /// What a conflict is that comes back at every try. A value that is there already stays there: the data's fault.
    /// Transactions that keep losing against others are nobody's fault and pass.
    pub(crate) fn persisting(self) -> Self {
        match self {
            Self::Conflict(source) if is_unique_violation(&source) => Self::Data {
                state: "conflict".to_owned(),
                source,
            },
            other => other,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.code().as_deref() {
                Some(state) => by_state(state.to_owned(), error),
                None => Self::Other(error),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            _ => Self::Other(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(inner) => inner.into(),
            other => Self::Schema(other),
        }
    }
}

/// SQLSTATE classes: PostgreSQL documentation, appendix A.
fn by_state(state: String, error: sqlx::Error) -> StoreError {
    let class = state.get(..2).unwrap_or_default();
    match (class, state.as_str()) {
        (_, "40001" | "40P01" | "23505") => StoreError::Conflict(error),
        (_, "55P03") => StoreError::Locked(error),
        // connection, resources (disk full, too many connections), shutdown, system, read-only after a failover,
        // statement timeout
        ("08" | "53" | "57" | "58", _) | (_, "25006") => StoreError::Unavailable(error),
        // a session that was stopped inside a transaction and ended for it (25P03); a plan, right or table that an
        // upgrade changed; a fault of the server's own
        ("0A" | "25" | "42" | "XX", _) | (_, "40003") => StoreError::Unfit(error),
        ("22" | "23" | "54", _) => StoreError::Data { state, source: error },
        _ => StoreError::Other(error),
    }
}

fn is_unique_violation(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

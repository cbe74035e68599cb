//! Registers of a deployer, asked over HTTP: one POST for many questions, an answer for each (docs/registers.md).
//!
//! A register that does not answer costs one timeout; from then on the circuit is open and whoever asks is told so at
//! once, until a question of no one is answered again.

mod ask;
mod circuit;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use url::Url;

use super::{Answer, FindCitizens, FindPractices, NoAnswer, Standing};
use crate::domain::command::{CitizenQuery, Practice};
use crate::domain::registers::{Citizen, PracticeRecord, RegisterName};
use crate::store::StoreError;
use ask::Connection;
use circuit::Circuit;

pub use wire::schema;

/// Where a remote register is and how it is asked.
#[derive(Clone)]
pub struct RemoteOptions {
    pub url: Url,
    /// Longest an answer may take.
    pub timeout: Duration,
    /// Sent as a bearer token.
    pub token: Option<String>,
}

/// The client that registers are asked with cannot be made: no TLS, or a token no header can carry.
#[derive(Debug, thiserror::Error)]
#[error("the register of {0} cannot be asked as configured")]
pub struct Unusable(RegisterName, #[source] Box<dyn std::error::Error + Send + Sync>);

/// A register elsewhere.
struct Remote {
    name: RegisterName,
    connection: Arc<Connection>,
    circuit: Arc<Circuit>,
}

impl Remote {
    fn new(name: RegisterName, options: &RemoteOptions) -> Result<Self, Unusable> {
        let connection = Connection::new(options).map_err(|error| Unusable(name, error))?;
        let connection = Arc::new(connection);
        let circuit = Arc::new(Circuit::new(name, Arc::clone(&connection)));
        Ok(Self {
            name,
            connection,
            circuit,
        })
    }

    /// An answer for each question, in order.
    async fn ask<Q, A>(&self, questions: &[Q]) -> Vec<Answer<A>>
    where
        Q: Serialize + Sync,
        A: DeserializeOwned + Send,
    {
        let no_answer = |trouble| NoAnswer {
            register: self.name,
            trouble,
        };
        if let Standing::Away(trouble) = self.circuit.standing() {
            return questions.iter().map(|_| Err(no_answer(trouble))).collect();
        }
        let chunks = questions.chunks(wire::MOST_QUESTIONS);
        let asked = chunks.map(|chunk| self.connection.ask::<Q, A>(chunk));
        let asked = futures::future::join_all(asked).await;
        let mut answers = Vec::with_capacity(questions.len());
        for outcome in asked {
            match outcome.trouble {
                Some(trouble) => self.circuit.open(trouble),
                None => self.circuit.answered(),
            }
            answers.extend(
                outcome
                    .answers
                    .into_iter()
                    .map(|answer| answer.map_err(no_answer)),
            );
        }
        answers
    }

    fn watch(&self) -> watch::Receiver<Standing> {
        self.circuit.watch()
    }
}

/// The register of citizens elsewhere.
pub struct RemoteCitizens(Remote);

impl RemoteCitizens {
    pub fn new(options: &RemoteOptions) -> Result<Self, Unusable> {
        Remote::new(RegisterName::Citizens, options).map(Self)
    }
}

impl FindCitizens for RemoteCitizens {
    fn find_citizens<'a>(
        &'a self,
        queries: &'a [CitizenQuery],
    ) -> BoxFuture<'a, Result<Vec<Answer<Citizen>>, StoreError>> {
        async {
            // A query that names nobody finds nobody, without asking.
            let naming: Vec<&CitizenQuery> = queries.iter().filter(|query| wire::names(query)).collect();
            let mut answers = self.0.ask::<_, wire::CitizenFound>(&naming).await.into_iter();
            let each = queries.iter().map(|query| {
                if !wire::names(query) {
                    return Ok(Vec::new());
                }
                answers
                    .next()
                    .unwrap_or_else(|| Err(faulty(RegisterName::Citizens)))
                    .and_then(|found| wire::citizens(query, found).ok_or(faulty(RegisterName::Citizens)))
            });
            Ok(each.collect())
        }
        .boxed()
    }

    fn standing(&self) -> Option<watch::Receiver<Standing>> {
        Some(self.0.watch())
    }
}

/// The register of practices elsewhere.
pub struct RemotePractices(Remote);

impl RemotePractices {
    pub fn new(options: &RemoteOptions) -> Result<Self, Unusable> {
        Remote::new(RegisterName::Practices, options).map(Self)
    }
}

impl FindPractices for RemotePractices {
    fn find_practices<'a>(
        &'a self,
        practices: &'a [Practice],
    ) -> BoxFuture<'a, Result<Vec<Answer<PracticeRecord>>, StoreError>> {
        async {
            let answers = self.0.ask::<_, wire::HolderFound>(practices).await;
            let each = practices.iter().zip(answers);
            Ok(each
                .map(|(practice, answer)| answer.map(|found| wire::records(practice, found)))
                .collect())
        }
        .boxed()
    }

    fn standing(&self) -> Option<watch::Receiver<Standing>> {
        Some(self.0.watch())
    }
}

const fn faulty(register: RegisterName) -> NoAnswer {
    NoAnswer {
        register,
        trouble: super::Trouble::Faulty,
    }
}

//! Questions about requests, each under the scope of who asks: lists, one request with its history, replies, figures.
//!
//! Every list is asked for with the same conditions (`conditions`), and goes by keyset: newest first, a page begins
//! after the last line of the one before.

mod choices;
mod conditions;
mod deliveries;
mod digest;
mod feed;
mod glance;
mod lists;
mod marks;
mod notices;
mod one;
mod replies;
mod search;
mod span;
mod statistics;
mod vocabulary;

use sqlx::{Postgres, Transaction};

use super::{Store, StoreError};
use crate::domain::event::Side;
use crate::domain::ids::{ActorId, Source};
use crate::domain::person::{Person, Scope};

pub use choices::Choices;
pub use deliveries::SedeDelivery;
pub use digest::{DigestRow, ReplyRow};
pub use feed::{Feed, FeedItem, FeedPosition};
pub use lists::{Counted, Listed, RequestPages};
pub use notices::Notice;
pub use replies::{RepliedRequest, Replies};
pub use statistics::{Counts, ReplyTimes, Statistics, StatisticsLine};
pub(super) use vocabulary::Vocabulary;

/// Who asks.
#[derive(Debug, Clone)]
pub enum Viewer {
    /// Sees what his or her scope lets.
    Person(Box<Person>),
    /// Looks after the engine from its command line: sees every request, reads none.
    Administrator,
}

impl Viewer {
    pub fn person(person: &Person) -> Self {
        Self::Person(Box::new(person.clone()))
    }
}

/// Whose read marks decide what is new.
#[derive(Debug, Clone)]
struct Reader {
    source: Source,
    id: ActorId,
    side: Side,
}

impl Reader {
    fn of(person: &Person) -> Option<Self> {
        let side = match person.scope() {
            Scope::Office { .. } => Side::Patronato,
            Scope::Sede(_) => Side::Sede,
            Scope::Nothing => return None,
        };
        Some(Self {
            source: person.source()?,
            id: person.id.clone(),
            side,
        })
    }
}

/// Questions of one moment: all asked in one read-only transaction.
pub struct Question {
    transaction: Transaction<'static, Postgres>,
    reader: Option<Reader>,
    /// What the viewer may see; all of it where there is none.
    scope: Option<Scope>,
    search: search::Search,
}

impl Store {
    pub async fn ask(&self, viewer: &Viewer) -> Result<Question, StoreError> {
        let (transaction, reader, scope) = match viewer {
            Viewer::Person(person) => {
                let scope = person.scope();
                (
                    self.begin_question(&scope).await?,
                    Reader::of(person),
                    Some(scope),
                )
            }
            Viewer::Administrator => (self.begin_reading().await?, None, None),
        };
        Ok(Question {
            transaction,
            reader,
            scope,
            search: search::Search::default(),
        })
    }
}

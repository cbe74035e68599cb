//! Who is signed in at the pages, and what they remember for him or her from one page to the next.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::command::Role;
use super::person::{Capacity, Person};

/// The SHA-256 of a session's token: what the database knows it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionKey(pub [u8; 32]);

/// A session of somebody.
#[derive(Debug, Clone)]
pub struct Session {
    /// With every role he or she may take.
    pub person: Person,
    /// The role taken.
    pub acting: Option<Role>,
    pub memory: Memory,
}

/// Searches kept at most; the oldest is forgotten.
const SEARCHES: usize = 8;

/// What the pages remember. Its Debug is silent about what was searched for.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The information page was seen.
    pub informed: bool,
    /// Said on the next page, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash: Option<Flash>,
    /// What was searched for with a codice fiscale, by an opaque word: such a search never stands in an address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub searches: Vec<(String, Value)>,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory")
            .field("informed", &self.informed)
            .finish_non_exhaustive()
    }
}

/// The result of what was just done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    pub tone: Tone,
    /// In Italian; says nothing personal.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Done,
    Notice,
    Failed,
}

impl Memory {
    pub fn keep_search(&mut self, word: String, search: Value) {
        if self.searches.len() >= SEARCHES {
            self.searches.remove(0);
        }
        self.searches.push((word, search));
    }

    pub fn search(&self, word: &str) -> Option<&Value> {
        let kept = self.searches.iter().find(|(name, _)| name == word);
        kept.map(|(_, search)| search)
    }
}

impl Session {
    /// A new one: who has one role only acts in it.
    pub fn of(person: Person) -> Self {
        let acting = match &person.capacity {
            Capacity::Patronato(member) => match member.roles.as_slice() {
                [only] => Some(*only),
                _ => None,
            },
            Capacity::Sede { .. } | Capacity::Manager => None,
        };
        Self {
            person,
            acting,
            memory: Memory::default(),
        }
    }
}

/// A sign-in at the identity provider that has not come back yet. Its Debug is silent: it holds secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingSignIn {
    pub nonce: String,
    /// The secret of RFC 7636.
    pub verifier: String,
    /// Where the person wanted to go.
    pub place: String,
}

impl std::fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PendingSignIn")
    }
}

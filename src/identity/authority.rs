//! Everybody whose tokens are believed here.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::watch;

use super::development::{BrokenKey, DevelopmentKey};
use super::keys::KeySet;
use super::token::{self, Rules};
use super::{Authenticate, Denied, claims};
use crate::config::auth::{ClaimNames, RoleWords};
use crate::domain::person::Person;
use crate::domain::registers::Registers;

/// One who issues tokens.
#[derive(Debug)]
pub(super) struct Issuer {
    pub(super) rules: Rules,
    pub(super) keys: KeySet,
    pub(super) names: ClaimNames,
    pub(super) words: RoleWords,
}

/// Proves tokens of the issuers it trusts.
#[derive(Debug)]
pub struct Authority {
    issuers: Vec<Issuer>,
    registers: watch::Receiver<Arc<Registers>>,
}

impl Authority {
    /// Trusts nobody yet.
    pub fn new(registers: watch::Receiver<Arc<Registers>>) -> Self {
        Self {
            issuers: Vec::new(),
            registers,
        }
    }

    /// Believes the tokens of `usciere token create`, too: never in production.
    pub fn with_development(mut self, key: &DevelopmentKey) -> Result<Self, BrokenKey> {
        self.issuers.push(key.issuer()?);
        Ok(self)
    }

    fn prove(&self, token: &str) -> Result<Person, Denied> {
        let key_id = token::key_id(token)?;
        let known = self
            .issuers
            .iter()
            .find_map(|issuer| Some((issuer, issuer.keys.get(&key_id)?)));
        let (issuer, key) = known.ok_or(Denied::Invalid("it is signed with a key that is not known here"))?;
        let proven = token::prove(token, key, &issuer.rules)?;
        claims::person(&proven, &issuer.names, &issuer.words, &self.registers.borrow())
    }
}

impl Authenticate for Authority {
    fn authenticate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Person, Denied>> {
        Box::pin(async { self.prove(token) })
    }
}

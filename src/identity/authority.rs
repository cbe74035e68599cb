//! Everybody whose tokens are believed here.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::development::{BrokenKey, DevelopmentKey};
use super::keyring::Keyring;
use super::keys::{Key, KeySet};
use super::source::KeySource;
use super::token::{self, Rules};
use super::{Authenticate, Denied, claims};
use crate::config::auth::{AuthSettings, ClaimNames, RoleWords};
use crate::domain::person::Person;
use crate::domain::registers::Registers;

/// One who issues tokens: what they must say, and what their claims mean.
#[derive(Debug)]
pub(super) struct Issuer {
    pub(super) rules: Rules,
    pub(super) names: ClaimNames,
    pub(super) words: RoleWords,
}

/// Proves tokens of the issuers it trusts.
#[derive(Debug)]
pub struct Authority {
    configured: Option<(Issuer, Arc<Keyring>)>,
    development: Option<(Issuer, KeySet)>,
    registers: watch::Receiver<Arc<Registers>>,
}

impl Authority {
    /// Trusts the issuer of the settings; nobody, where they name none.
    pub fn new(settings: &AuthSettings, registers: watch::Receiver<Arc<Registers>>) -> Self {
        Self {
            configured: settings.issuer.as_ref().map(|issuer| {
                let source = KeySource::of(issuer, settings);
                let (refresh, pause) = (settings.refresh.get(), settings.pause.get());
                let keys = Keyring::new(source, settings.algorithms.clone(), refresh, pause);
                let rules = Rules {
                    issuer: issuer.as_str().to_owned(),
                    audience: settings.audience.clone(),
                    acr: settings.acr.clone(),
                    leeway: settings.leeway.get(),
                };
                let issuer = Issuer {
                    rules,
                    names: settings.claims.clone(),
                    words: settings.roles.clone(),
                };
                (issuer, Arc::new(keys))
            }),
            development: None,
            registers,
        }
    }

    /// Believes the tokens of `usciere token create`, too: never in production.
    pub fn with_development(mut self, key: &DevelopmentKey) -> Result<Self, BrokenKey> {
        self.development = Some(key.issuer()?);
        Ok(self)
    }

    /// Keeps the issuer's keys current until stopped.
    pub async fn keep_current(self: Arc<Self>, stop: CancellationToken) {
        if let Some((_, keyring)) = &self.configured {
            Arc::clone(keyring).keep_current(stop).await;
        }
    }

    async fn prove(&self, token: &str) -> Result<Person, Denied> {
        let id = token::key_id(token)?;
        let (issuer, key) = self.key(&id).await?;
        let proven = token::prove(token, &key, &issuer.rules)?;
        claims::person(&proven, &issuer.names, &issuer.words, &self.registers.borrow())
    }

    /// The person an ID token of the configured issuer names, given to us for the sign-in with this nonce.
    pub(super) async fn prove_login(&self, token: &str, client: &str, nonce: &str) -> Result<Person, Denied> {
        let stranger = Denied::Invalid("it is signed with a key that is not known here");
        let (issuer, keyring) = self.configured.as_ref().ok_or(stranger)?;
        let key = keyring.key(&token::key_id(token)?).await?;
        let rules = issuer.rules.meant_for(client);
        let proven = token::prove(token, &key, &rules)?;
        if proven.text("nonce") != Some(nonce) {
            return Err(Denied::Invalid("it answers another sign-in (nonce)"));
        }
        claims::person(&proven, &issuer.names, &issuer.words, &self.registers.borrow())
    }

    /// The key a token names, and whose it is.
    async fn key(&self, id: &str) -> Result<(&Issuer, Arc<Key>), Denied> {
        if let Some((issuer, keys)) = &self.development
            && let Some(key) = keys.get(id)
        {
            return Ok((issuer, key));
        }
        match &self.configured {
            Some((issuer, keyring)) => Ok((issuer, keyring.key(id).await?)),
            None => Err(Denied::Invalid("it is signed with a key that is not known here")),
        }
    }
}

impl Authenticate for Authority {
    fn authenticate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Person, Denied>> {
        Box::pin(self.prove(token))
    }
}

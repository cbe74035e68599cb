//! Who is it? Bearer tokens turned into [`Person`]s.
//!
//! The HTTP layer knows only this port; how a token is proven (issuer, keys, claims) stands behind it.

use futures::future::BoxFuture;

use crate::domain::person::Person;

/// Proves bearer tokens.
pub trait Authenticate: Send + Sync {
    fn authenticate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Person, Denied>>;
}

/// Why a token proves nobody. Says nothing of the token itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Not to be believed: broken, expired, of another issuer or audience, too weak.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// Believed, but it names nobody who may enter here.
    #[error("the token gives no access: {0}")]
    NoAccess(&'static str),
    /// The keys to prove it with cannot be had now.
    #[error("tokens cannot be checked now")]
    Unavailable,
}

/// Believes nobody: where no issuer is configured.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Authenticate for Nobody {
    fn authenticate<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Person, Denied>> {
        Box::pin(async { Err(Denied::Invalid("no issuer is configured")) })
    }
}

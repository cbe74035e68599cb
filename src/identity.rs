//! Who is it? Bearer tokens turned into [`Person`]s.
//!
//! The HTTP layer knows only the port [`Authenticate`]. Behind it stands [`Authority`]: a token is read, proven with a
//! pinned key, held against the rules of its issuer, and its claims are held against the registers.
//!
//! A token's times are held against the machine's clock, never the one a development system may move: the issuer does
//! not move with us, and every token would be expired or not yet valid after `dev clock P16D`.

mod authority;
mod claims;
pub mod development;
mod keyring;
mod keys;
mod login;
mod source;
mod token;

use futures::future::BoxFuture;

use crate::domain::person::Person;

pub use authority::Authority;
pub use login::{Begun, Login, LoginError};
pub use source::{NoKeys, look};

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

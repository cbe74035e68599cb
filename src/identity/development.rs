//! An issuer of its own for development and test systems, so that nobody needs a real one to try the API.
//!
//! Its key lives in the system's database: whoever can read that may be anybody anyway, and every node of it believes
//! the same tokens. A production node does not know this issuer.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rand::RngCore as _;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::authority::Issuer;
use super::keys::KeySet;
use super::token::Rules;
use crate::clock::Clock;
use crate::config::auth::{ClaimNames, RoleWords, Signature};
use crate::domain::command::Role;
use crate::domain::person::{Capacity, Person};
use crate::store::{Store, StoreError};

/// Issuer and audience of development tokens, and the id of their key.
const NAME: &str = "usciere:development";
/// What every development token says of its authentication.
const LEVEL: &str = "https://www.spid.gov.it/SpidL2";
/// PKCS#8 of an Ed25519 key up to its 32 bytes (RFC 8410).
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const SEED: usize = 32;

/// The signing key of one development system.
pub struct DevelopmentKey(EncodingKey);

impl fmt::Debug for DevelopmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevelopmentKey")
    }
}

/// A signed token and what it says.
#[derive(Debug)]
pub struct Issued {
    pub token: String,
    pub claims: Value,
}

/// The key could not be read or a token not signed: somebody changed the row by hand.
#[derive(Debug, thiserror::Error)]
#[error("the development key in the database is broken: delete the setting dev.signing_key")]
pub struct BrokenKey;

impl DevelopmentKey {
    /// The key of this system; made on first use, the same for whoever comes later.
    pub async fn of(store: &Store) -> Result<Self, DevelopmentKeyError> {
        let mut seed = Zeroizing::new([0; SEED]);
        rand::rng().fill_bytes(seed.as_mut());
        let kept = Zeroizing::new(
            store
                .keep_development_key(&URL_SAFE_NO_PAD.encode(seed.as_ref()))
                .await?,
        );
        Ok(Self::from_text(&kept)?)
    }

    fn from_text(text: &str) -> Result<Self, BrokenKey> {
        let seed = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| BrokenKey)?);
        if seed.len() != SEED {
            return Err(BrokenKey);
        }
        let key = Zeroizing::new([PKCS8.as_slice(), seed.as_slice()].concat());
        Ok(Self(EncodingKey::from_ed_der(&key)))
    }

    /// A token that says `person` for as long as `valid`, from the machine's now.
    pub fn issue(&self, person: &Person, valid: Duration) -> Result<Issued, BrokenKey> {
        let now = Clock::system().now();
        let claims = claims_of(person, now.timestamp(), valid);
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(NAME.to_owned());
        let token = encode(&header, &claims, &self.0).map_err(|_| BrokenKey)?;
        Ok(Issued { token, claims })
    }

    /// This system as an issuer whose tokens are believed.
    pub(super) fn issuer(&self) -> Result<(Issuer, KeySet), BrokenKey> {
        let mut key = Jwk::from_encoding_key(&self.0, Algorithm::EdDSA).map_err(|_| BrokenKey)?;
        key.common.key_id = Some(NAME.to_owned());
        key.common.public_key_use = Some(PublicKeyUse::Signature);
        let key = serde_json::to_value(key).map_err(|_| BrokenKey)?;
        let rules = Rules {
            issuer: NAME.to_owned(),
            audience: NAME.to_owned(),
            acr: vec![LEVEL.to_owned()],
            leeway: Duration::ZERO,
        };
        let issuer = Issuer {
            rules,
            names: ClaimNames::default(),
            words: RoleWords::default(),
        };
        Ok((issuer, KeySet::of(&[key], &Signature::ALL)))
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentKeyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Broken(#[from] BrokenKey),
}

/// The claims by which the same person is read back.
fn claims_of(person: &Person, now: i64, valid: Duration) -> Value {
    let names = ClaimNames::default();
    let words = RoleWords::default();
    let first = |words: &[String]| words.first().cloned().unwrap_or_default();
    let mut claims = Map::new();
    let mut say = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    say("iss", json!(NAME));
    say("aud", json!(NAME));
    say("iat", json!(now));
    say("nbf", json!(now));
    say("exp", json!(now.saturating_add_unsigned(valid.as_secs())));
    say("acr", json!(LEVEL));
    say(&names.id, json!(person.id));
    say(&names.name, json!(person.name));
    if let Some(email) = &person.email {
        say(&names.email, json!(email));
    }
    match &person.capacity {
        Capacity::Patronato(member) => {
            say(&names.patronato, json!(member.patronato));
            say(&names.office, json!(member.office));
            if let Some(region) = member.region {
                say(&names.region, json!(region));
            }
            let roles: Vec<String> = member
                .roles
                .iter()
                .map(|role| match role {
                    Role::Operator => first(&words.operator),
                    Role::RegionalReferent => first(&words.regional_referent),
                })
                .collect();
            say(&names.roles, json!(roles));
        }
        Capacity::Sede { sede } => {
            say(&names.sede, json!(sede));
            say(&names.roles, json!([first(&words.officer)]));
        }
        Capacity::Manager => {
            say(&names.roles, json!([first(&words.manager)]));
        }
    }
    Value::Object(claims)
}

#[cfg(test)]
mod tests;

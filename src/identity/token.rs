//! What a token must be to be believed: signed by a pinned key with that key's algorithm, of the right issuer, for us,
//! in time, and of somebody who was authenticated strongly enough.

use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::Denied;
use super::keys::Key;

/// Longer ones are not read at all.
const LONGEST: usize = 16 * 1024;

/// What an issuer's tokens must say.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) issuer: String,
    pub(super) audience: String,
    /// The levels of authentication that are strong enough; any where empty.
    pub(super) acr: Vec<String>,
    /// How far the issuer's clock may be from ours.
    pub(super) leeway: Duration,
}

impl Rules {
    /// The same rules, for tokens meant for somebody else: an ID token is its client's (`OpenID` Connect Core, 2).
    pub(super) fn meant_for(&self, audience: &str) -> Self {
        Self {
            audience: audience.to_owned(),
            ..self.clone()
        }
    }
}

/// What a token says of a person, proven. Its Debug is silent.
pub(super) struct Claims(pub(super) Map<String, Value>);

impl Claims {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// A claim of one or several words.
    pub(super) fn words(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::String(word)) => vec![word],
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
        }
    }
}

/// The id of the key a token says it is signed by. Keys and addresses a token brings itself (`jwk`, `x5c`, `jku`,
/// `x5u`) are never looked at.
pub(super) fn key_id(token: &str) -> Result<String, Denied> {
    if token.len() > LONGEST {
        return Err(Denied::Invalid("it is too long"));
    }
    let header = decode_header(token).map_err(|error| why(error.kind()))?;
    if header.crit.is_some() {
        return Err(Denied::Invalid("it asks for extensions that are not known here"));
    }
    header
        .kid
        .ok_or(Denied::Invalid("it does not name its key (kid)"))
}

/// Believes a token, or says why not.
pub(super) fn prove(token: &str, key: &Key, rules: &Rules) -> Result<Claims, Denied> {
    let mut validation = Validation::new(key.algorithm);
    validation.set_issuer(&[&rules.issuer]);
    validation.set_audience(&[&rules.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_nbf = true;
    validation.leeway = rules.leeway.as_secs();
    let proven = decode::<Map<String, Value>>(token, &key.decoding, &validation);
    let claims = Claims(proven.map_err(|error| why(error.kind()))?.claims);
    let strong = |level: &str| rules.acr.iter().any(|enough| enough == level);
    if !rules.acr.is_empty() && !claims.text("acr").is_some_and(strong) {
        return Err(Denied::Invalid("the authentication behind it is too weak (acr)"));
    }
    Ok(claims)
}

fn why(error: &ErrorKind) -> Denied {
    Denied::Invalid(match error {
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidIssuer => "it is of another issuer",
        ErrorKind::InvalidAudience => "it is meant for somebody else (aud)",
        ErrorKind::InvalidSignature => "its signature is wrong",
        ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm
        | ErrorKind::MissingAlgorithm => "it is not signed with an accepted algorithm",
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) | ErrorKind::InvalidSubject => {
            "exp, iss, aud and sub must be there and well formed"
        }
        // Of the library's own making and growing: none of them is more than "no token".
        _ => "it is not a signed JWT",
    })
}

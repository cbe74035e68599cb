//! Public keys of an issuer, by their ids: only what can prove a signature we accept.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse, RSAKeyParameters,
};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::config::auth::Signature;

/// RFC 7518, 3.3.
const SHORTEST_RSA_BYTES: usize = 2048 / 8;
/// Larger ones only cost time.
const LONGEST_RSA_BYTES: usize = 8192 / 8;

/// A key and the one algorithm it is taken with: what the token's header says must be this.
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

/// The keys of an issuer.
#[derive(Default)]
pub(super) struct KeySet(HashMap<String, Arc<Key>>);

impl KeySet {
    /// The keys of a JWK set that are of use here; others (encryption, secrets, unknown kinds) are left out.
    pub(super) fn of(keys: &[serde_json::Value], accepted: &[Signature]) -> Self {
        let keys = keys.iter().filter_map(|key| {
            let key: Jwk = serde_json::from_value(key.clone()).ok()?;
            let id = key.common.key_id.clone()?;
            Some((id, Arc::new(usable(&key, accepted)?)))
        });
        Self(keys.collect())
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Key>> {
        self.0.get(id).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn usable(key: &Jwk, accepted: &[Signature]) -> Option<Key> {
    let common = &key.common;
    let to_sign = common
        .public_key_use
        .as_ref()
        .is_none_or(|used| *used == PublicKeyUse::Signature);
    let to_verify = common
        .key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let signature = signature_of(&key.algorithm)?;
    let (algorithm, named) = match signature {
        Signature::RS256 => (Algorithm::RS256, KeyAlgorithm::RS256),
        Signature::ES256 => (Algorithm::ES256, KeyAlgorithm::ES256),
        Signature::EdDSA => (Algorithm::EdDSA, KeyAlgorithm::EdDSA),
    };
    let is_meant = common.key_algorithm.is_none_or(|meant| meant == named);
    if !(to_sign && to_verify && is_meant && accepted.contains(&signature)) {
        return None;
    }
    let decoding = DecodingKey::from_jwk(key).ok()?;
    Some(Key { algorithm, decoding })
}

/// What a key of this kind and size signs with; none if it is too short to be one.
fn signature_of(parameters: &AlgorithmParameters) -> Option<Signature> {
    let length = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().map(|bytes| bytes.len());
    match parameters {
        AlgorithmParameters::RSA(RSAKeyParameters { n, .. }) => (SHORTEST_RSA_BYTES..=LONGEST_RSA_BYTES)
            .contains(&length(n)?)
            .then_some(Signature::RS256),
        AlgorithmParameters::EllipticCurve(point) => {
            (point.curve == EllipticCurve::P256 && length(&point.x)? == 32 && length(&point.y)? == 32)
                .then_some(Signature::ES256)
        }
        AlgorithmParameters::OctetKeyPair(pair) => {
            (pair.curve == EllipticCurve::Ed25519 && length(&pair.x)? == 32).then_some(Signature::EdDSA)
        }
        // A secret is no public key (HS256 with what everybody knows), and the list may grow in the library.
        _ => None,
    }
}

//! `[auth]`: whose tokens are believed, and what their claims mean here.

use serde::{Deserialize, Serialize};

/// Algorithms of signatures that can be accepted. No secret is ever shared with an issuer, so no HS256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signature {
    RS256,
    ES256,
    EdDSA,
}

impl Signature {
    pub const ALL: [Self; 3] = [Self::RS256, Self::ES256, Self::EdDSA];
}

/// `[auth.claims]`: the claim that says each thing of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimNames {
    pub id: String,
    pub name: String,
    pub email: String,
    /// One word or a list of words of [`RoleWords`].
    pub roles: String,
    pub patronato: String,
    pub office: String,
    pub region: String,
    pub sede: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            id: "sub".to_owned(),
            name: "name".to_owned(),
            email: "email".to_owned(),
            roles: "ruoli".to_owned(),
            patronato: "patronato".to_owned(),
            office: "sede_patronato".to_owned(),
            region: "regione".to_owned(),
            sede: "sede_inps".to_owned(),
        }
    }
}

/// `[auth.roles]`: the issuer's words for each role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoleWords {
    pub operator: Vec<String>,
    pub regional_referent: Vec<String>,
    pub officer: Vec<String>,
    pub manager: Vec<String>,
}

impl Default for RoleWords {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            // administrators of a patronato use the service as its operators do.
            operator: words(&["operatore", "amministratore_patronato"]),
            regional_referent: words(&["referente_regionale"]),
            officer: words(&["funzionario", "responsabile_sede"]),
            manager: words(&["gestore"]),
        }
    }
}

//! `[auth]`: whose tokens are believed, and what their claims mean here.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::check::Checks;
use super::interval::Interval;
use super::profile::Profile;
use super::secret::Secret;
use super::text_value::text_value;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    /// Whose tokens are believed; nobody's where it is missing.
    pub issuer: Option<IssuerName>,
    /// Whom tokens must be meant for.
    pub audience: String,
    /// Where the issuer's keys are, unless its discovery document is to say it.
    pub jwks: Option<JwksPlace>,
    pub algorithms: Vec<Signature>,
    /// The levels of authentication that are strong enough; any where empty.
    pub acr: Vec<String>,
    /// How far the issuer's clock may be from ours.
    pub leeway: Interval,
    /// How often the issuer's keys are read anew.
    pub refresh: Interval,
    /// Least time between two reads that tokens with unknown keys cause.
    pub pause: Interval,
    pub claims: ClaimNames,
    pub roles: RoleWords,
    pub login: LoginSettings,
}

/// `[auth.login]`: signing in at the pages, with the issuer as provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoginSettings {
    /// This service as the provider knows it; nobody can sign in where it is missing.
    pub client_id: Option<String>,
    pub client_secret: Secret,
    pub scopes: Vec<String>,
    /// The levels of authentication to ask for, the best first.
    pub acr_values: Vec<String>,
    /// On the button.
    pub label: String,
}

impl Default for LoginSettings {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            client_id: None,
            client_secret: Secret::default(),
            scopes: words(&["openid", "profile", "email"]),
            acr_values: Vec::new(),
            label: "Entra".to_owned(),
        }
    }
}

impl Default for AuthSettings {
    fn default() -> Self {
        let level = |level: u8| format!("https://www.spid.gov.it/SpidL{level}");
        Self {
            issuer: None,
            audience: "usciere".to_owned(),
            jwks: None,
            algorithms: Signature::ALL.to_vec(),
            acr: vec![level(2), level(3)],
            leeway: Interval::from_secs(60),
            refresh: Interval::from_secs(600),
            pause: Interval::from_secs(30),
            claims: ClaimNames::default(),
            roles: RoleWords::default(),
            login: LoginSettings::default(),
        }
    }
}

impl AuthSettings {
    pub(super) fn check(&self, profile: Profile, checks: &mut Checks) {
        if self.audience.is_empty() {
            checks.add(
                "auth.audience",
                "is empty",
                "name what the issuer puts into aud for this service",
            );
        }
        if self.algorithms.is_empty() {
            checks.add(
                "auth.algorithms",
                "is empty",
                "write [\"RS256\", \"ES256\", \"EdDSA\"] or fewer of them",
            );
        }
        checks.not_zero("auth.refresh", self.refresh);
        checks.not_zero("auth.pause", self.pause);
        if self.jwks.is_some() && self.issuer.is_none() {
            checks.add(
                "auth.jwks",
                "holds the keys of nobody",
                "set auth.issuer to the iss of its tokens",
            );
        }
        if self.login.client_id.is_some() && self.issuer.is_none() {
            checks.add(
                "auth.login.client_id",
                "has no provider to sign in at",
                "set auth.issuer to the provider's",
            );
        }
        if profile.is_production() {
            let open = |url: &Url| url.scheme() != "https";
            if self.issuer.as_ref().is_some_and(|issuer| !issuer.is_encrypted()) {
                checks.add("auth.issuer", "is not encrypted", "begin it with https://");
            }
            if matches!(&self.jwks, Some(JwksPlace::Address(url)) if open(url)) {
                checks.add(
                    "auth.jwks",
                    "is not encrypted",
                    "begin it with https://, or use file:PATH",
                );
            }
        }
        let claims = &self.claims;
        for (name, claim) in [
            ("id", &claims.id),
            ("name", &claims.name),
            ("email", &claims.email),
            ("roles", &claims.roles),
            ("patronato", &claims.patronato),
            ("office", &claims.office),
            ("region", &claims.region),
            ("sede", &claims.sede),
        ] {
            if claim.is_empty() {
                checks.add(
                    format!("auth.claims.{name}"),
                    "is empty",
                    "name a claim of the issuer's tokens",
                );
            }
        }
    }
}

/// An issuer, letter by letter as its tokens name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerName {
    text: String,
    url: Url,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an issuer: expected its address as in the iss of its tokens, such as https://login.example.org/realms/x"
)]
pub struct NotAnIssuer;

impl IssuerName {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Where its discovery document is (section 4 of `OpenID` Connect Discovery).
    pub fn discovery(&self) -> Url {
        let mut url = self.url.clone();
        let path = format!(
            "{}/.well-known/openid-configuration",
            url.path().trim_end_matches('/')
        );
        url.set_path(&path);
        url
    }
}

impl FromStr for IssuerName {
    type Err = NotAnIssuer;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = web_address(text).ok_or(NotAnIssuer)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(NotAnIssuer);
        }
        Ok(Self {
            text: text.to_owned(),
            url,
        })
    }
}

impl fmt::Display for IssuerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A place of a JWK set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwksPlace {
    /// `file:PATH`, relative to the working folder.
    File(PathBuf),
    Address(Url),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place of keys: expected https://host/path or file:PATH of a JWK set")]
pub struct NotAJwksPlace;

impl FromStr for JwksPlace {
    type Err = NotAJwksPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("file:") {
            Some("" | "//") => Err(NotAJwksPlace),
            Some(path) => Ok(Self::File(path.strip_prefix("//").unwrap_or(path).into())),
            None => web_address(text).map(Self::Address).ok_or(NotAJwksPlace),
        }
    }
}

impl fmt::Display for JwksPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Address(url) => url.fmt(f),
        }
    }
}

text_value!(IssuerName, JwksPlace);

/// An address without a login in it.
fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "https" | "http");
    (is_web && url.username().is_empty() && url.password().is_none()).then_some(url)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_keeps_its_letters_and_knows_its_discovery_document() {
        for (text, discovery) in [
            (
                "https://login.example.org",
                "https://login.example.org/.well-known/openid-configuration",
            ),
            (
                "https://login.example.org/realms/x",
                "https://login.example.org/realms/x/.well-known/openid-configuration",
            ),
            (
                "https://login.example.org/a/",
                "https://login.example.org/a/.well-known/openid-configuration",
            ),
        ] {
            let issuer: IssuerName = text.parse().unwrap();
            assert_eq!(
                (issuer.to_string().as_str(), issuer.discovery().as_str()),
                (text, discovery)
            );
        }
        for wrong in ["", "login", "ldap://x/", "https://u:p@x/", "https://x/?a=1"] {
            assert!(wrong.parse::<IssuerName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_are_at_an_address_or_in_a_file() {
        for text in ["https://login.example.org/keys", "file:/etc/usciere/jwks.json"] {
            assert_eq!(text.parse::<JwksPlace>().unwrap().to_string(), text);
        }
        for wrong in ["", "file:", "/etc/jwks.json", "ftp://x/y"] {
            assert!(wrong.parse::<JwksPlace>().is_err(), "{wrong}");
        }
    }
}

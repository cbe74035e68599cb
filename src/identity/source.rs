//! Where an issuer's keys are read: a file, an address, or what the issuer's discovery document names.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::keys::KeySet;
use crate::config::auth::{AuthSettings, IssuerName, JwksPlace, Signature};

/// Longest an issuer may take: people wait for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Larger documents are not read.
const LARGEST: usize = 512 * 1024;

/// Where keys come from.
#[derive(Debug)]
pub(super) enum KeySource {
    File(PathBuf),
    Address(Client, Url),
    /// `<issuer>/.well-known/openid-configuration` names the address.
    Discovery(Client, IssuerName),
}

/// Why keys could not be read.
#[derive(Debug, thiserror::Error)]
pub enum NoKeys {
    #[error("{0} cannot be read: {1}")]
    File(PathBuf, #[source] std::io::Error),
    #[error("{0} does not answer as it should: {1}")]
    Away(Url, String),
    #[error("the discovery document is of another issuer, {0}")]
    Stranger(String),
    #[error("the discovery document names an address that is not encrypted")]
    Open,
    #[error("the discovery document names no authorization_endpoint and token_endpoint")]
    NoEndpoints,
    #[error("there is no JWK set in it")]
    Shape,
    #[error("none of the {0} keys in it can prove a signature that is accepted (auth.algorithms)")]
    Useless(usize),
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: Url,
    #[serde(default)]
    authorization_endpoint: Option<Url>,
    #[serde(default)]
    token_endpoint: Option<Url>,
}

/// Where people sign in, and where a code is turned into tokens.
#[derive(Debug, Clone)]
pub(super) struct Endpoints {
    pub(super) authorization: Url,
    pub(super) token: Url,
}

/// The addresses an issuer's discovery document names for signing in.
pub(super) async fn endpoints(client: &Client, issuer: &IssuerName) -> Result<Endpoints, NoKeys> {
    let found = discover(client, issuer).await?;
    let (Some(authorization), Some(token)) = (found.authorization_endpoint, found.token_endpoint) else {
        return Err(NoKeys::NoEndpoints);
    };
    let open = |url: &Url| url.scheme() != "https";
    if issuer.is_encrypted() && (open(&authorization) || open(&token)) {
        return Err(NoKeys::Open);
    }
    Ok(Endpoints { authorization, token })
}

async fn discover(client: &Client, issuer: &IssuerName) -> Result<Discovery, NoKeys> {
    let found: Discovery = fetch(client, &issuer.discovery()).await?;
    if found.issuer != issuer.as_str() {
        return Err(NoKeys::Stranger(found.issuer));
    }
    Ok(found)
}

impl KeySource {
    /// As configured.
    pub(super) fn of(issuer: &IssuerName, settings: &AuthSettings) -> Self {
        match &settings.jwks {
            Some(JwksPlace::File(path)) => Self::File(path.clone()),
            Some(JwksPlace::Address(url)) => Self::Address(client(), url.clone()),
            None => Self::Discovery(client(), issuer.clone()),
        }
    }

    pub(super) async fn read(&self, accepted: &[Signature]) -> Result<KeySet, NoKeys> {
        let set = match self {
            Self::File(path) => {
                let text = tokio::fs::read(path)
                    .await
                    .map_err(|error| NoKeys::File(path.clone(), error))?;
                serde_json::from_slice(&text).map_err(|_| NoKeys::Shape)?
            }
            Self::Address(client, url) => fetch::<JwkSet>(client, url).await?,
            Self::Discovery(client, issuer) => {
                let found = discover(client, issuer).await?;
                if issuer.is_encrypted() && found.jwks_uri.scheme() != "https" {
                    return Err(NoKeys::Open);
                }
                fetch(client, &found.jwks_uri).await?
            }
        };
        let keys = KeySet::of(&set.keys, accepted);
        if keys.is_empty() {
            return Err(NoKeys::Useless(set.keys.len()));
        }
        Ok(keys)
    }
}

/// Looks once at where the keys of an issuer are: how many of them are of use.
pub async fn look(issuer: &IssuerName, settings: &AuthSettings) -> Result<usize, NoKeys> {
    let source = KeySource::of(issuer, settings);
    source.read(&settings.algorithms).await.map(|keys| keys.len())
}

pub(super) fn client() -> Client {
    // The client refuses to be made before a provider is chosen; `main` chose the same one.
    let _chosen_before = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .timeout(PATIENCE)
        // Keys are believed from where the configuration says and from nowhere else.
        .redirect(redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("usciere/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("a client of fixed settings")
}

async fn fetch<T: DeserializeOwned>(client: &Client, url: &Url) -> Result<T, NoKeys> {
    let away = |error: reqwest::Error| NoKeys::Away(url.clone(), error.without_url().to_string());
    let mut response = client
        .get(url.clone())
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(away)?;
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(away)? {
        if text.len() + chunk.len() > LARGEST {
            return Err(NoKeys::Shape);
        }
        text.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&text).map_err(|_| NoKeys::Shape)
}

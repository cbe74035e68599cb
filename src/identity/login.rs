//! Signing people in at an `OpenID` provider: authorization code flow with PKCE, state and nonce (`OpenID` Connect
//! Core, 3.1). What the provider's ID token says is proven and read as every token is.

use std::sync::Arc;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, ExtraTokenFields, HttpRequest,
    HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, StandardRevocableToken,
    StandardTokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use url::Url;

use super::source::{self, Endpoints};
use super::{Authority, Denied, NoKeys};
use crate::config::auth::{AuthSettings, IssuerName, LoginSettings};
use crate::domain::person::Person;
use crate::domain::session::PendingSignIn;

/// Answers of the provider that are longer are not read.
const LARGEST: usize = 256 * 1024;

/// What the token endpoint says beside OAuth's own words.
#[derive(Debug, Serialize, Deserialize)]
struct WithIdToken {
    #[serde(default)]
    id_token: Option<String>,
}

impl ExtraTokenFields for WithIdToken {}

type Tokens = StandardTokenResponse<WithIdToken, BasicTokenType>;
type Provider = Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// Why nobody can be sent to the provider, or let in from there.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("the provider's discovery document cannot be used")]
    Discovery(#[source] NoKeys),
    /// The provider did not give a token for the code.
    #[error("the provider gave no token for the code: {0}")]
    Exchange(String),
    #[error("the provider gave no ID token: is the scope openid among auth.login.scopes?")]
    NoIdToken,
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// A sign-in to be sent to the provider.
pub struct Begun {
    /// Where the browser goes.
    pub url: Url,
    /// Comes back with it.
    pub state: String,
    pub pending: PendingSignIn,
}

/// The way in through the configured provider.
pub struct Login {
    authority: Arc<Authority>,
    issuer: IssuerName,
    settings: LoginSettings,
    client_id: String,
    /// Where the provider sends the browser back to.
    back: Url,
    http: reqwest::Client,
    endpoints: OnceCell<Endpoints>,
}

impl Login {
    /// None where no provider or no client of it is configured.
    pub fn of(settings: &AuthSettings, authority: Arc<Authority>, back: Url) -> Option<Self> {
        Some(Self {
            authority,
            issuer: settings.issuer.clone()?,
            client_id: settings.login.client_id.clone()?,
            settings: settings.login.clone(),
            back,
            http: source::client(),
            endpoints: OnceCell::new(),
        })
    }

    /// What the provider is called on the button.
    pub fn label(&self) -> &str {
        &self.settings.label
    }

    /// Prepares a sign-in that ends at `place`.
    pub async fn begin(&self, place: String) -> Result<Begun, LoginError> {
        let endpoints = self.endpoints().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        // A nonce is as random as a state.
        let nonce = CsrfToken::new_random().secret().clone();
        let provider = Provider::new(ClientId::new(self.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(endpoints.authorization.clone()))
            .set_redirect_uri(RedirectUrl::from_url(self.back.clone()));
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let mut request = provider
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .add_extra_param("nonce", nonce.clone());
        if !self.settings.acr_values.is_empty() {
            request = request.add_extra_param("acr_values", self.settings.acr_values.join(" "));
        }
        let (url, state) = request.url();
        Ok(Begun {
            url,
            state: state.secret().clone(),
            pending: PendingSignIn {
                nonce,
                verifier: verifier.secret().clone(),
                place,
            },
        })
    }

    /// Turns the code a browser brought back into the person it was given for.
    pub async fn finish(&self, code: String, pending: &PendingSignIn) -> Result<Person, LoginError> {
        let endpoints = self.endpoints().await?;
        let mut provider = Provider::new(ClientId::new(self.client_id.clone()))
            .set_token_uri(TokenUrl::from_url(endpoints.token.clone()))
            .set_redirect_uri(RedirectUrl::from_url(self.back.clone()));
        if let Some(secret) = self.settings.client_secret.expose() {
            provider = provider.set_client_secret(ClientSecret::new(secret.to_owned()));
        }
        let ask = |request: HttpRequest| ask(self.http.clone(), request);
        let tokens = provider
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()))
            .request_async(&ask)
            .await
            .map_err(|error| LoginError::Exchange(error.to_string()))?;
        let token = tokens
            .extra_fields()
            .id_token
            .as_deref()
            .ok_or(LoginError::NoIdToken)?;
        Ok(self
            .authority
            .prove_login(token, &self.client_id, &pending.nonce)
            .await?)
    }

    async fn endpoints(&self) -> Result<&Endpoints, LoginError> {
        let asked = self
            .endpoints
            .get_or_try_init(|| source::endpoints(&self.http, &self.issuer));
        asked.await.map_err(LoginError::Discovery)
    }
}

/// Why the token endpoint was not heard. Holds no address: it may have a secret in it.
#[derive(Debug, thiserror::Error)]
enum Unheard {
    #[error("{0}")]
    Away(String),
    #[error("the answer is too long")]
    TooLong,
}

async fn ask(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Unheard> {
    let away = |error: reqwest::Error| Unheard::Away(error.without_url().to_string());
    let request = reqwest::Request::try_from(request).map_err(away)?;
    let mut answer = client.execute(request).await.map_err(away)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(away)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Unheard::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = HttpResponse::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

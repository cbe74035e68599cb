//! The cookie of a session: a random token, known to the browser alone. The server keeps its SHA-256.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cookie::{Cookie, SameSite};
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};

use crate::domain::session::SessionKey;

/// 256 bits: nobody guesses one.
const BYTES: usize = 32;

/// A cookie of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jar {
    /// Who is signed in.
    Session,
    /// Which browser went to the identity provider.
    SignIn,
}

/// A new random token.
pub(super) fn token() -> String {
    let mut bytes = [0; BYTES];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What the database knows a token by.
pub(super) fn key(token: &str) -> SessionKey {
    SessionKey(Sha256::digest(token).into())
}

impl Jar {
    /// `__Host-`: set by this very host over an encrypted connection, for all of it. Browsers refuse the prefix where
    /// there is no encryption, as on a developer's machine.
    const fn name(self, encrypted: bool) -> &'static str {
        match (self, encrypted) {
            (Self::Session, true) => "__Host-usciere",
            (Self::Session, false) => "usciere",
            (Self::SignIn, true) => "__Host-usciere-accesso",
            (Self::SignIn, false) => "usciere-accesso",
        }
    }

    /// The token a browser sent.
    pub(super) fn read(self, headers: &HeaderMap, encrypted: bool) -> Option<String> {
        let name = self.name(encrypted);
        let values = headers.get_all(header::COOKIE).iter();
        let mut cookies = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok);
        let found = cookies.find(|cookie| cookie.name() == name)?;
        Some(found.value().to_owned())
    }

    /// Gives a browser a token. `Lax`, so that it comes along when the identity provider sends the person back; it
    /// never does with a form of somebody else's page.
    pub(super) fn write(self, token: &str, encrypted: bool) -> HeaderValue {
        header_of(&self.bare(token, encrypted))
    }

    /// Takes the token away.
    pub(super) fn remove(self, encrypted: bool) -> HeaderValue {
        let mut cookie = self.bare("", encrypted);
        cookie.make_removal();
        header_of(&cookie)
    }

    fn bare(self, token: &str, encrypted: bool) -> Cookie<'static> {
        Cookie::build((self.name(encrypted), token.to_owned()))
            .path("/")
            .http_only(true)
            .secure(encrypted)
            .same_site(SameSite::Lax)
            .build()
    }
}

fn header_of(cookie: &Cookie<'_>) -> HeaderValue {
    HeaderValue::from_str(&cookie.to_string()).expect("a token is visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
        let text = |value: HeaderValue| value.to_str().unwrap().to_owned();
        assert_eq!(
            text(Jar::Session.write("abc", true)),
            "__Host-usciere=abc; HttpOnly; SameSite=Lax; Secure; Path=/"
        );
        assert_eq!(
            text(Jar::Session.write("abc", false)),
            "usciere=abc; HttpOnly; SameSite=Lax; Path=/"
        );
        assert!(text(Jar::SignIn.remove(true)).starts_with("__Host-usciere-accesso=; "));
    }

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b; usciere=abc; c=d".parse().unwrap());
        assert_eq!(Jar::Session.read(&headers, false).as_deref(), Some("abc"));
        assert_eq!(Jar::Session.read(&headers, true), None);
        assert_ne!(key("abc"), key("abd"));
    }
}

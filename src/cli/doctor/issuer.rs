//! Whether the keys of the issuer can be had: without them nobody enters the HTTP API.

use super::Finding;
use crate::config::Config;
use crate::identity::{self, NoKeys};

const PART: &str = "issuer";

pub(super) async fn look(config: &Config) -> Finding {
    let Some(issuer) = &config.auth.issuer else {
        return if config.profile.is_production() {
            Finding::warning(
                PART,
                "none: nobody can use the HTTP API",
                "set auth.issuer to the OpenID Connect issuer of the users",
            )
        } else {
            Finding::good(
                PART,
                "none: `usciere token create` makes the tokens of this system",
            )
        };
    };
    match identity::look(issuer, &config.auth).await {
        Ok(keys) => Finding::good(PART, format!("{issuer}: {keys} keys of use")),
        Err(error) => Finding::bad(PART, format!("{issuer}: {error}"), fix(&error)),
    }
}

fn fix(error: &NoKeys) -> &'static str {
    match error {
        NoKeys::File(..) => "correct auth.jwks, or let this user read the file",
        NoKeys::Away(..) => "correct auth.issuer or auth.jwks, or let this machine reach it",
        NoKeys::Stranger(_) => "write auth.issuer letter by letter as the issuer does",
        NoKeys::Open => "have the issuer name an https:// address, or set auth.jwks",
        NoKeys::NoEndpoints => "set auth.issuer to an OpenID provider people can sign in at",
        NoKeys::Shape => "set auth.jwks to the issuer's JWK set",
        NoKeys::Useless(_) => {
            "accept the issuer's algorithm in auth.algorithms, or have it sign with one of them"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Health;
    use crate::config::Profile;

    async fn found(profile: Profile, jwks: Option<&str>) -> (Health, String) {
        let mut config = Config {
            profile,
            ..Config::default()
        };
        if let Some(jwks) = jwks {
            config.auth.issuer = Some("https://login.example.org".parse().unwrap());
            config.auth.jwks = Some(jwks.parse().unwrap());
        }
        let finding = look(&config).await;
        (finding.health, finding.message)
    }

    #[tokio::test]
    async fn it_is_said_whether_anybody_can_enter() {
        let (health, message) = found(Profile::Prod, None).await;
        assert_eq!(health, Health::Warning);
        assert!(message.contains("nobody"), "{message}");
        assert_eq!(found(Profile::Dev, None).await.0, Health::Good);
        let (health, message) = found(Profile::Prod, Some("file:/nowhere/jwks.json")).await;
        assert_eq!(health, Health::Bad);
        assert!(message.contains("/nowhere/jwks.json"), "{message}");
    }
}

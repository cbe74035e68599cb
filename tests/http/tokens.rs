//! Which tokens of a real issuer are believed: what somebody could try who wants to be somebody else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};
use usciere::clock::Clock;
use usciere::config::Config;
use usciere::config::interval::Interval;

use crate::harness::{Answer, Site, answered};
use crate::issuer::{Issuer, Signer};

async fn trusting(issuer: &Issuer, pause: Interval) -> Site {
    let name = issuer.name.parse().unwrap();
    Site::configured(|config: &mut Config| {
        config.auth.issuer = Some(name);
        config.auth.refresh = Interval::from_days(1);
        config.auth.pause = pause;
    })
    .await
}

async fn enters(site: &Site, token: &str) -> Answer {
    answered(site.call(Method::GET, "/me").bearer_auth(token)).await
}

/// Claims with others in their place; null takes one away.
fn with(mut claims: Value, name: &str, value: Value) -> Value {
    let members = claims.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    claims
}

#[tokio::test]
async fn every_accepted_signature_lets_in() {
    let (rsa, ec, ed) = (Signer::rsa(), Signer::ec(), Signer::ed());
    let issuer = Issuer::start(&[&rsa, &ec, &ed]).await;
    let site = trusting(&issuer, Interval::from_days(1)).await;
    for signer in [&rsa, &ec, &ed] {
        let me = enters(&site, &signer.sign(&issuer.claims())).await.done(200);
        assert_eq!(
            (&me["id"], &me["office"], &me["roles"]),
            (&json!("op1"), &json!("INCA-RM-001"), &json!(["operator"]))
        );
    }
    let now = Clock::system().now().timestamp();
    for (claim, value) in [
        ("exp", json!(now - 30)),
        ("nbf", json!(now + 30)),
        ("aud", json!(["account", "usciere"])),
        ("acr", json!("https://www.spid.gov.it/SpidL3")),
        ("ruoli", json!("amministratore_patronato")),
    ] {
        let token = rsa.sign(&with(issuer.claims(), claim, value));
        enters(&site, &token).await.done(200);
    }
    // A token of the console's `token create` is believed beside it: this is a test system.
    site.get(&crate::people::manager(), "/me").await.done(200);
    site.stop().await;
}

#[tokio::test]
async fn what_is_not_to_be_believed_is_not() {
    let (rsa, ec) = (Signer::rsa(), Signer::ec());
    let issuer = Issuer::start(&[&rsa, &ec]).await;
    let site = trusting(&issuer, Interval::from_days(1)).await;
    let claims = issuer.claims();
    let now = Clock::system().now().timestamp();
    let mut tries: Vec<(&str, String, &str)> = [
        ("iss", json!("https://elsewhere.example"), "another issuer"),
        ("iss", Value::Null, "must be there"),
        ("aud", json!("other-service"), "somebody else"),
        ("aud", Value::Null, "must be there"),
        ("exp", json!(now - 61), "expired"),
        ("exp", Value::Null, "must be there"),
        ("exp", json!("tomorrow"), "must be there"),
        ("nbf", json!(now + 300), "not valid yet"),
        ("sub", Value::Null, "must be there"),
        ("sub", json!("Mario Rossi"), "no id of a person"),
        ("acr", json!("https://www.spid.gov.it/SpidL1"), "too weak"),
        ("acr", Value::Null, "too weak"),
    ]
    .map(|(claim, value, why)| (claim, rsa.sign(&with(claims.clone(), claim, value)), why))
    .into();
    tries.extend(forgeries(&issuer, &rsa, &ec));
    for (name, token, why) in tries {
        let problem = enters(&site, &token).await.problem(401, "unauthorized");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(why), "{name}: {detail}");
    }
    assert_eq!(issuer.reads(), 1, "made-up keys make nobody ask the issuer");
    site.stop().await;
}

/// Tokens whose signature or header is not what it should be.
fn forgeries(issuer: &Issuer, rsa: &Signer, ec: &Signer) -> Vec<(&'static str, String, &'static str)> {
    let claims = issuer.claims();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let bare = |header: &Value| format!("{}.{}.", part(header), part(&claims));
    // What everybody knows of the key, as if it were a shared secret.
    let public = serde_json::to_value(rsa.public()).unwrap();
    let secret = URL_SAFE_NO_PAD.decode(public["n"].as_str().unwrap()).unwrap();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(rsa.id.to_owned());
    let shared = encode(&header, &claims, &EncodingKey::from_secret(&secret)).unwrap();
    let signed = rsa.sign(&claims);
    let (head, signature) = (
        signed.split('.').next().unwrap(),
        signed.rsplit('.').next().unwrap(),
    );
    let manager = part(&with(claims.clone(), "ruoli", json!("gestore")));
    let stranger = Signer::strange("evil");
    let mut own_key = stranger.header();
    own_key.jwk = Some(stranger.public());
    let named = |id: &str| {
        let mut header = stranger.header();
        header.kid = Some(id.to_owned());
        stranger.sign_with(&header, &claims)
    };
    let mut nameless = rsa.header();
    nameless.kid = None;
    let mut critical = rsa.header();
    critical.crit = Some(vec!["b64".to_owned()]);
    vec![
        (
            "alg none",
            bare(&json!({"alg": "none", "kid": rsa.id})),
            "not a signed JWT",
        ),
        (
            "alg None",
            bare(&json!({"alg": "None", "kid": rsa.id})),
            "not a signed JWT",
        ),
        (
            "no signature",
            bare(&json!({"alg": "RS256", "kid": rsa.id})),
            "signature is wrong",
        ),
        ("HS256 with the public key", shared, "accepted algorithm"),
        (
            "another's words",
            format!("{head}.{manager}.{signature}"),
            "signature is wrong",
        ),
        ("another's key", named(rsa.id), "accepted algorithm"),
        (
            "the key of another algorithm",
            ec.sign_with(
                &{
                    let mut header = ec.header();
                    header.kid = Some(rsa.id.to_owned());
                    header
                },
                &claims,
            ),
            "accepted algorithm",
        ),
        (
            "a key of its own",
            stranger.sign_with(&own_key, &claims),
            "not known here",
        ),
        (
            "a path as key id",
            named("../../../../etc/passwd"),
            "not known here",
        ),
        (
            "an address as key id",
            named("http://127.0.0.1:1/keys"),
            "not known here",
        ),
        (
            "no key id",
            rsa.sign_with(&nameless, &claims),
            "does not name its key",
        ),
        (
            "a critical extension",
            rsa.sign_with(&critical, &claims),
            "extensions",
        ),
        ("no token", "x".to_owned(), "not a signed JWT"),
        ("too long", "x".repeat(20_000), "too long"),
    ]
}

#[tokio::test]
async fn an_address_a_token_brings_along_is_never_asked() {
    let rsa = Signer::rsa();
    let issuer = Issuer::start(&[&rsa]).await;
    let attacker = Signer::strange("evil");
    let trap = Issuer::start(&[&attacker]).await;
    let site = trusting(&issuer, Interval::from_millis(1)).await;
    let mut header = attacker.header();
    header.jku = Some(format!("{}/keys", trap.name));
    header.x5u = header.jku.clone();
    let token = attacker.sign_with(&header, &issuer.claims());
    enters(&site, &token).await.problem(401, "unauthorized");
    let token = attacker.sign_with(&header, &trap.claims());
    enters(&site, &token).await.problem(401, "unauthorized");
    assert_eq!(trap.reads(), 0);
    site.stop().await;
}

#[tokio::test]
async fn believed_tokens_of_nobody_here_are_forbidden() {
    let rsa = Signer::rsa();
    let issuer = Issuer::start(&[&rsa]).await;
    let site = trusting(&issuer, Interval::from_days(1)).await;
    for (claim, value, why) in [
        ("ruoli", json!(["cittadino"]), "none of the roles"),
        ("ruoli", Value::Null, "none of the roles"),
        ("ruoli", json!({"operatore": true}), "none of the roles"),
        ("ruoli", json!(["operatore", "gestore"]), "do not go together"),
        ("ruoli", json!(["funzionario"]), "sede is not in the register"),
        ("patronato", json!("acli"), "office is not in the register"),
        (
            "sede_patronato",
            json!("INCA-XX-999"),
            "office is not in the register",
        ),
        ("name", Value::Null, "does not name the person"),
        ("name", json!("Mario\nRossi"), "does not name the person"),
    ] {
        let token = rsa.sign(&with(issuer.claims(), claim, value));
        let problem = enters(&site, &token).await.problem(403, "forbidden");
        assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
    }
    site.stop().await;
}

#[tokio::test]
async fn keys_are_rotated_and_an_issuer_that_is_away_locks_nobody_out() {
    let (old, new, newest) = (Signer::rsa(), Signer::ec(), Signer::ed());
    let issuer = Issuer::start(&[&old]).await;
    let site = trusting(&issuer, Interval::from_millis(1)).await;
    enters(&site, &old.sign(&issuer.claims())).await.done(200);
    issuer.add(&new);
    enters(&site, &new.sign(&issuer.claims())).await.done(200);
    enters(&site, &old.sign(&issuer.claims())).await.done(200);

    issuer.goes_away();
    issuer.add(&newest);
    let answer = enters(&site, &newest.sign(&issuer.claims())).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
    enters(&site, &old.sign(&issuer.claims())).await.done(200);

    issuer.comes_back();
    issuer.remove(&old);
    enters(&site, &newest.sign(&issuer.claims())).await.done(200);
    enters(&site, &old.sign(&issuer.claims()))
        .await
        .problem(401, "unauthorized");
    site.stop().await;
}

#[tokio::test]
async fn the_keys_of_a_file_are_believed() {
    let rsa = Signer::rsa();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, json!({ "keys": [rsa.public()] }).to_string()).unwrap();
    let name = "https://login.example.org/realms/x";
    let site = Site::configured(|config: &mut Config| {
        config.auth.issuer = Some(name.parse().unwrap());
        config.auth.jwks = Some(format!("file:{}", file.display()).parse().unwrap());
        config.auth.claims.roles = "groups".to_owned();
        config.auth.roles.operator = vec!["/patronati/operatori".to_owned()];
    })
    .await;
    let issuer = Issuer::start(&[]).await;
    let claims = with(issuer.claims(), "iss", json!(name));
    let claims = with(claims, "groups", json!(["/patronati/operatori"]));
    enters(&site, &rsa.sign(&claims)).await.done(200);
    site.stop().await;
}

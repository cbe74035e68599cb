use std::path::Path;

use serde_json::{Value, json};

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

fn key(id: &str) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

fn list(file: &Path, keys: &[Value]) {
    std::fs::write(file, json!({ "keys": keys }).to_string()).unwrap();
}

fn keyring(file: &Path) -> Arc<Keyring> {
    let source = KeySource::File(file.to_owned());
    Arc::new(Keyring::new(source, Signature::ALL.to_vec(), 10 * MINUTE, MINUTE))
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_no_longer_listed_are_forgotten_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    list(&file, &[key("a")]);
    let keyring = keyring(&file);
    let stop = CancellationToken::new();
    let renewing = tokio::spawn(Arc::clone(&keyring).keep_current(stop.clone()));
    assert!(keyring.key("a").await.is_ok());
    list(&file, &[key("b")]);
    tokio::time::sleep(5 * MINUTE).await;
    assert!(keyring.known("a").is_some());
    tokio::time::sleep(6 * MINUTE).await;
    assert!(keyring.known("a").is_none() && keyring.known("b").is_some());

    std::fs::write(&file, "{").unwrap();
    tokio::time::sleep(10 * MINUTE).await;
    assert!(
        keyring.known("b").is_some(),
        "what cannot be read takes nothing away"
    );
    list(&file, &[key("c")]);
    tokio::time::sleep(2 * MINUTE).await;
    assert!(
        keyring.known("c").is_some(),
        "after a failure it is tried again sooner"
    );
    stop.cancel();
    renewing.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn made_up_keys_are_asked_for_once_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    list(&file, &[key("a")]);
    let keyring = keyring(&file);
    let unknown = Err(Denied::Invalid("it is signed with a key that is not known here"));
    assert_eq!(keyring.key("b").await.map(drop), unknown);
    list(&file, &[key("b")]);
    assert_eq!(keyring.key("b").await.map(drop), unknown);
    tokio::time::sleep(MINUTE).await;
    assert_eq!(keyring.key("b").await.map(drop), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn without_any_key_nobody_is_told_his_token_is_wrong() {
    let keyring = keyring(Path::new("/nowhere/jwks.json"));
    assert_eq!(keyring.key("a").await.map(drop), Err(Denied::Unavailable));
}

#[test]
fn only_keys_that_can_prove_an_accepted_signature_are_kept() {
    let with = |name: &str, value: Value| {
        let mut key = key(name);
        key[name] = value;
        key
    };
    let useless = [
        with("use", json!("enc")),
        with("alg", json!("RS256")),
        with("crv", json!("Ed448")),
        with("x", json!("c2hvcnQ")),
        with("key_ops", json!(["sign"])),
        json!({ "kty": "oct", "kid": "shared", "k": "c2VjcmV0" }),
        json!({ "kty": "RSA", "kid": "short", "n": "c2hvcnQ", "e": "AQAB" }),
        json!({ "kty": "EC", "kid": "large", "crv": "P-384", "x": "AA", "y": "AA" }),
        json!({ "kid": "nothing" }),
        json!("text"),
    ];
    assert_eq!(KeySet::of(&useless, &Signature::ALL).len(), 0);
    let named = [key("a"), with("use", json!("sig")), with("alg", json!("EdDSA"))];
    assert_eq!(KeySet::of(&named, &Signature::ALL).len(), 3);
    assert_eq!(KeySet::of(&named, &[Signature::RS256]).len(), 0);
}

//! A little identity provider: a discovery document and a JWK set on a real socket, and keys to sign with.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use usciere::clock::Clock;

pub(crate) struct Signer {
    pub(crate) id: &'static str,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: EncodingKey,
}

impl Signer {
    pub(crate) fn rsa() -> Self {
        let key = EncodingKey::from_rsa_pem(include_bytes!("../fixtures/issuer/rsa.pem"));
        Self {
            id: "rsa-1",
            algorithm: Algorithm::RS256,
            key: key.unwrap(),
        }
    }

    pub(crate) fn ec() -> Self {
        let key = EncodingKey::from_ec_pem(include_bytes!("../fixtures/issuer/ec.pem"));
        Self {
            id: "ec-1",
            algorithm: Algorithm::ES256,
            key: key.unwrap(),
        }
    }

    pub(crate) fn ed() -> Self {
        let key = EncodingKey::from_ed_pem(include_bytes!("../fixtures/issuer/ed.pem"));
        Self {
            id: "ed-1",
            algorithm: Algorithm::EdDSA,
            key: key.unwrap(),
        }
    }

    /// Of somebody else.
    pub(crate) fn strange(id: &'static str) -> Self {
        let key = EncodingKey::from_ed_pem(include_bytes!("../fixtures/issuer/strange.pem"));
        Self {
            id,
            algorithm: Algorithm::EdDSA,
            key: key.unwrap(),
        }
    }

    pub(crate) fn header(&self) -> Header {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.to_owned());
        header
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    pub(crate) fn sign_with(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.key).unwrap()
    }

    /// The public half.
    pub(crate) fn public(&self) -> Jwk {
        let mut key = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        key.common.key_id = Some(self.id.to_owned());
        key
    }
}

pub(crate) struct Issuer {
    /// As its tokens name it.
    pub(crate) name: String,
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    keys: Mutex<BTreeMap<&'static str, Jwk>>,
    reads: AtomicUsize,
    away: AtomicBool,
}

impl Issuer {
    pub(crate) async fn start(signers: &[&Signer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("http://{}/realms/test", listener.local_addr().unwrap());
        let keys = signers
            .iter()
            .map(|signer| (signer.id, signer.public()))
            .collect();
        let shared = Arc::new(Shared {
            name: name.clone(),
            keys: Mutex::new(keys),
            reads: AtomicUsize::new(0),
            away: AtomicBool::new(false),
        });
        let router = Router::new()
            .route("/realms/test/.well-known/openid-configuration", get(discovery))
            .route("/realms/test/keys", get(keys_of))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { name, shared }
    }

    /// Lists a new key.
    pub(crate) fn add(&self, signer: &Signer) {
        self.shared
            .keys
            .lock()
            .unwrap()
            .insert(signer.id, signer.public());
    }

    /// Lists a key no more.
    pub(crate) fn remove(&self, signer: &Signer) {
        self.shared.keys.lock().unwrap().remove(signer.id);
    }

    pub(crate) fn goes_away(&self) {
        self.shared.away.store(true, Ordering::SeqCst);
    }

    pub(crate) fn comes_back(&self) {
        self.shared.away.store(false, Ordering::SeqCst);
    }

    /// How often its keys were read.
    pub(crate) fn reads(&self) -> usize {
        self.shared.reads.load(Ordering::SeqCst)
    }

    /// What a token of Mario Rossi says.
    pub(crate) fn claims(&self) -> Value {
        let now = Clock::system().now().timestamp();
        json!({
            "iss": self.name, "aud": "usciere", "sub": "op1", "name": "Mario Rossi", "email": "op1@inca.example",
            "patronato": "inca", "sede_patronato": "INCA-RM-001", "ruoli": ["operatore", "offline_access"],
            "acr": "https://www.spid.gov.it/SpidL2", "iat": now, "nbf": now, "exp": now + 300,
        })
    }
}

async fn discovery(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, StatusCode> {
    if shared.away.load(Ordering::SeqCst) {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    Ok(Json(json!({
        "issuer": shared.name,
        "jwks_uri": format!("{}/keys", shared.name),
        "authorization_endpoint": format!("{}/auth", shared.name),
    })))
}

async fn keys_of(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.reads.fetch_add(1, Ordering::SeqCst);
    let keys: Vec<Jwk> = shared.keys.lock().unwrap().values().cloned().collect();
    Json(json!({ "keys": keys }))
}

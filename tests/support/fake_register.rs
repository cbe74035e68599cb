//! A deployer's register of citizens or practices: a real HTTP server over the example files, in whatever manner.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use usciere::domain::codice_fiscale::CodiceFiscale;
use usciere::domain::registers::NameKey;

/// How it treats whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Manner {
    Answers,
    /// Takes the questions and says nothing.
    Silent,
    /// Status 500.
    Broken,
    /// Status 503.
    Overloaded,
    /// Something that is no answer.
    Nonsense,
    /// Answers, but breaks down over questions with this text in them.
    ChokesOn(&'static str),
    /// Has an error for questions with this text in them.
    DoesNotKnowYet(&'static str),
    /// Everybody there is, whoever is asked for.
    Gossips,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    Citizens,
    Practices,
}

struct Desk {
    of: Of,
    people: Vec<Map<String, Value>>,
    manner: Mutex<Manner>,
    /// Questions that were asked, trials left out.
    asked: Mutex<Vec<Value>>,
    authorization: Mutex<Option<String>>,
}

pub(crate) struct FakeRegister {
    desk: Arc<Desk>,
    address: SocketAddr,
    serving: Option<JoinHandle<()>>,
}

impl FakeRegister {
    pub(crate) async fn start(of: Of) -> Self {
        let file = match of {
            Of::Citizens => include_str!("../../config/examples/citizens.csv"),
            Of::Practices => include_str!("../../config/examples/practices.csv"),
        };
        let desk = Arc::new(Desk {
            of,
            people: rows(file),
            manner: Mutex::new(Manner::Answers),
            asked: Mutex::default(),
            authorization: Mutex::default(),
        });
        let mut register = Self {
            desk,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            serving: None,
        };
        register.open().await;
        register
    }

    /// Listens, after [`FakeRegister::close`] again at the same address.
    pub(crate) async fn open(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/register", post(answer))
            .with_state(Arc::clone(&self.desk));
        self.serving = Some(tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        }));
    }

    /// Nobody listens any more.
    pub(crate) async fn close(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            let _ = serving.await;
        }
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.desk.manner.lock().unwrap() = manner;
    }

    pub(crate) fn url(&self) -> url::Url {
        format!("http://{}/register", self.address).parse().unwrap()
    }

    pub(crate) fn asked(&self) -> usize {
        self.desk.asked.lock().unwrap().len()
    }

    pub(crate) fn authorization(&self) -> Option<String> {
        self.desk.authorization.lock().unwrap().clone()
    }
}

fn rows(csv: &str) -> Vec<Map<String, Value>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        let fields = names.iter().zip(record.iter());
        fields
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name.to_owned(), json!(text)))
            .collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

async fn answer(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: String) -> Response {
    let asked: Value = serde_json::from_str(&body).unwrap();
    let questions = asked["questions"].as_array().unwrap().clone();
    desk.asked.lock().unwrap().extend(questions.iter().cloned());
    let authorization = headers
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap().to_owned());
    *desk.authorization.lock().unwrap() = authorization;
    let manner = desk.manner.lock().unwrap().clone();
    let found = |question: &Value| match manner {
        Manner::DoesNotKnowYet(text) if question.to_string().contains(text) => {
            json!({ "error": "unavailable" })
        }
        Manner::Gossips => json!({ "found": desk.people }),
        _ => json!({ "found": desk.find(question) }),
    };
    match manner {
        Manner::Silent => std::future::pending().await,
        Manner::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Manner::Overloaded => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Manner::Nonsense => "<html>benvenuti</html>".into_response(),
        Manner::ChokesOn(text) if body.contains(text) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => {
            axum::Json(json!({ "answers": questions.iter().map(found).collect::<Vec<_>>() })).into_response()
        }
    }
}

impl Desk {
    fn find(&self, question: &Value) -> Vec<&Map<String, Value>> {
        self.people
            .iter()
            .filter(|row| self.fits(row, question))
            .collect()
    }

    fn fits(&self, row: &Map<String, Value>, question: &Value) -> bool {
        let key = |value: Option<&Value>| value.and_then(Value::as_str).map(NameKey::of);
        match (self.of, question["codice_fiscale"].as_str()) {
            (Of::Practices, _) => {
                row["kind"] == question["kind"] && key(row.get("number")) == key(question.get("number"))
            }
            (Of::Citizens, Some(code)) => {
                let base = |code: &str| CodiceFiscale::parse(code).unwrap().base();
                let own = row.get("codice_fiscale").and_then(Value::as_str);
                own.is_some_and(|own| base(own) == base(code))
            }
            (Of::Citizens, None) => {
                let same = |name: &str| key(row.get(name)) == key(question.get(name));
                same("family_name") && same("given_name") && row["born_on"] == question["born_on"]
            }
        }
    }
}

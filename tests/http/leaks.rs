//! Nothing of one office or sede reaches another, by any route there is, and nothing personal reaches the log.
//!
//! Everything people write carries a mark of its own. Then everybody calls whatever the OpenAPI document lists, in a
//! seeded random order, about everybody's requests; each answer is searched for marks its reader must not see. A
//! route added tomorrow is called as well.

use std::collections::BTreeMap;
use std::fs::File;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Method;
use serde_json::{Value, json};
use usciere::config::log::LogSettings;
use usciere::domain::command::Role;
use usciere::domain::person::{Person, Scope};
use usciere::http::api::openapi;
use usciere::telemetry::log::{Verbosity, subscriber};

use crate::harness::{Answer, Site, answered};
use crate::people::{manager, member, officer};

const SEED: u64 = 20_261_127;
const CALLS: usize = 1_200;
const OFFICES: [(&str, &str, &str); 4] = [
    ("inca", "INCA-RM-001", "BNCMRA50A01H501U"),
    ("inca", "INCA-RM-002", "CNTLNE60P49H501A"),
    ("acli", "ACLI-RM-001", "SPSNTN89M21H501R"),
    ("acli", "ACLI-MI-001", "RMNMRA58B56F839T"),
];
const SEDI: [&str; 2] = ["700000", "701300"];

/// A text that occurs nowhere else, and who may read it.
struct Mark {
    text: String,
    office: Option<usize>,
    sedi: Vec<&'static str>,
}

/// A request, the office it is of and the sede that holds it.
struct Sent {
    path: String,
    office: usize,
    sede: &'static str,
}

struct Scene {
    site: Site,
    rng: StdRng,
    operators: Vec<Person>,
    marks: Vec<Mark>,
    requests: Vec<Sent>,
    /// Codes, hashes and the like that paths may hold, by the name of the parameter.
    words: BTreeMap<&'static str, Vec<String>>,
}

impl Scene {
    fn mark(&mut self, office: Option<usize>, sedi: &[&'static str]) -> String {
        let letters = (0..12).map(|_| char::from(self.rng.random_range(b'a'..=b'z')));
        let text: String = "zq".chars().chain(letters).collect();
        self.marks.push(Mark {
            text: text.clone(),
            office,
            sedi: sedi.to_vec(),
        });
        text
    }

    /// Two patronati with two offices each, two requests of each, held by two sedi; all of them talk.
    async fn set() -> Self {
        let mut scene = Self {
            site: Site::start().await,
            rng: StdRng::seed_from_u64(SEED),
            operators: Vec::new(),
            marks: Vec::new(),
            requests: Vec::new(),
            words: BTreeMap::from([("code", SEDI.map(str::to_owned).to_vec()), ("sha256", Vec::new())]),
        };
        for (office, (patronato, code, citizen)) in OFFICES.into_iter().enumerate() {
            let (id, name) = (scene.mark(Some(office), &SEDI), scene.mark(Some(office), &SEDI));
            let family = scene.mark(Some(office), &SEDI);
            sqlx::query("update citizen set family_name = $1 where codice_fiscale = $2")
                .bind(family)
                .bind(citizen)
                .execute(&scene.site.pool)
                .await
                .unwrap();
            scene
                .operators
                .push(member(&id, &name, patronato, code, &[Role::Operator]));
            for sede in SEDI {
                scene.converse(office, citizen, sede).await;
            }
        }
        scene
    }

    async fn converse(&mut self, office: usize, citizen: &str, sede: &'static str) {
        let operator = self.operators[office].clone();
        let body = json!({
            "role": "operator", "citizen": { "codice_fiscale": citizen }, "delegation": true,
            "reason": "access_requirements", "topic": "assegno-sociale", "sede": sede,
            "text": self.mark(Some(office), &[sede]), "notes": self.mark(Some(office), &[sede]),
            "attachments": [self.file(office, sede)],
        });
        let answer = self.site.post(&operator, "/requests", &body).await;
        answer.done(201);
        let location = answer.header("location").to_owned();
        let path = location.strip_prefix("/api/v1").unwrap().to_owned();
        let note = json!({ "text": self.mark(None, &[sede]) });
        let at = |command: &str| format!("{path}/{command}");
        self.site
            .post(&officer(sede), &at("notes"), &note)
            .await
            .done(200);
        let reply = json!({
            "text": self.mark(Some(office), &[sede]), "attachments": [self.file(office, sede)],
        });
        self.site
            .post(&officer(sede), &at("reply"), &reply)
            .await
            .done(200);
        let message = json!({ "text": self.mark(Some(office), &[sede]) });
        self.site
            .post(&operator, &at("messages"), &message)
            .await
            .done(200);
        self.requests.push(Sent { path, office, sede });
    }

    fn file(&mut self, office: usize, sede: &'static str) -> Value {
        use base64::Engine as _;
        use sha2::Digest as _;
        let (name, content) = (self.mark(Some(office), &[sede]), self.mark(Some(office), &[sede]));
        let hash = sha2::Sha256::digest(&content);
        self.words.get_mut("sha256").unwrap().push(format!("{hash:x}"));
        let content = base64::engine::general_purpose::STANDARD.encode(content);
        json!({ "name": format!("{name}.txt"), "content_base64": content })
    }

    fn readers(&self) -> Vec<Person> {
        let mut readers = self.operators.clone();
        readers.extend(SEDI.map(officer));
        // Of offices and sedi that nothing was sent from or to, and of nobody.
        readers.push(member("op9", "Nessuno", "acli", "ACLI-BG-001", &[Role::Operator]));
        readers.push(officer("700001"));
        readers.push(manager());
        readers
    }

    fn may_read(reader: &Person, office: Option<usize>, sedi: &[&str]) -> bool {
        match reader.scope() {
            Scope::Office {
                patronato,
                office: code,
            } => office.is_some_and(|office| {
                let (of, at, _) = OFFICES[office];
                (patronato.as_str(), code.as_str()) == (of, at)
            }),
            Scope::Sede(code) => sedi.contains(&code.as_str()),
            Scope::Nothing => false,
        }
    }

    /// A path of the document with something in its holes; the request, where one is.
    fn fill(&mut self, path: &str) -> Option<(String, Option<usize>)> {
        let mut filled = path.replace("/api/v1", "");
        let request = filled.contains("/requests/{id}").then(|| {
            let index = self.rng.random_range(0..self.requests.len());
            filled = filled.replace("/requests/{id}", &self.requests[index].path);
            index
        });
        for (name, words) in &self.words {
            let hole = format!("{{{name}}}");
            if filled.contains(&hole) {
                filled = filled.replace(&hole, words.choose(&mut self.rng)?);
            }
        }
        (!filled.contains('{')).then_some((filled, request))
    }

    /// What a search may be made with: somebody's words, and somebody's codice fiscale.
    fn query(&mut self) -> String {
        let mark = self.marks.choose(&mut self.rng).unwrap().text.clone();
        let queries = [
            String::new(),
            "?scope=office".to_owned(),
            "?scope=mine".to_owned(),
            "?scope=sede".to_owned(),
            "?days=3".to_owned(),
            format!("?scope=office&text={mark}"),
            format!("?scope=sede&text={mark}"),
            format!("?text={mark}"),
        ];
        queries.choose(&mut self.rng).unwrap().clone()
    }

    /// One call by somebody about something, and the marks of others in its answer.
    async fn call(&mut self, routes: &[(Method, String)], found: &mut BTreeMap<String, usize>) {
        let reader = self.readers().choose(&mut self.rng).unwrap().clone();
        let (method, route) = routes.choose(&mut self.rng).unwrap().clone();
        let Some((path, request)) = self.fill(&route) else {
            return;
        };
        let (asked, call) = if method == Method::GET {
            let query = self.query();
            let call = self.site.call_as(&reader, method, &format!("{path}{query}"));
            (query, call)
        } else {
            let (_, _, code) = OFFICES.choose(&mut self.rng).unwrap();
            let body = json!({ "codice_fiscale": code });
            let call = self.site.call_as(&reader, method, &path).json(&body);
            (String::new(), call)
        };
        let answer = answered(call).await;
        let what = format!("{} {route}{asked}: {}", reader.id, answer.status);
        if let Some(index) = request {
            let Sent { office, sede, .. } = self.requests[index];
            let theirs = Self::may_read(&reader, Some(office), &[sede]);
            assert!(
                theirs || (400..500).contains(&answer.status),
                "somebody else's request: {what}"
            );
        }
        for mark in self.seen(&answer) {
            let given = asked.contains(&mark.text);
            let allowed = Self::may_read(&reader, mark.office, &mark.sedi);
            assert!(allowed || given, "{what} shows {}", mark.text);
            if allowed {
                *found.entry(reader.id.to_string()).or_default() += 1;
            }
        }
    }

    fn seen(&self, answer: &Answer) -> impl Iterator<Item = &Mark> {
        let headers = format!("{:?}", answer.headers);
        let text = headers + &String::from_utf8_lossy(&answer.bytes);
        self.marks.iter().filter(move |mark| text.contains(&mark.text))
    }
}

/// Every route that answers once, by method; searches alone among those that take a body.
fn routes() -> Vec<(Method, String)> {
    let document = serde_json::to_value(openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut routes = Vec::new();
    for (path, item) in paths {
        // Registers are everybody's to search, and streams do not end.
        if path.contains("/citizens") || path.ends_with("/events") {
            continue;
        }
        if item.get("get").is_some() {
            routes.push((Method::GET, path.clone()));
        }
        if item.get("post").is_some() && (path.contains("/search") || path.contains("/requests/{id}/")) {
            routes.push((Method::POST, path.clone()));
        }
    }
    routes
}

/// Logs all of this process at the most talkative level, by the filters a node always has.
fn log() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let settings = LogSettings {
        level: "trace".to_owned(),
        ..LogSettings::default()
    };
    let file = std::sync::Arc::new(File::create(&path).unwrap());
    let always = usciere::amqp::SILENCED;
    let (subscriber, _) = subscriber(&settings, Verbosity::Configured, file, false, always).unwrap();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    (folder, path)
}

#[tokio::test]
async fn nothing_of_one_office_or_sede_reaches_another_nor_the_log() {
    let (_folder, log) = log();
    let mut scene = Scene::set().await;
    let routes = routes();
    let mut found = BTreeMap::new();
    for _ in 0..CALLS {
        scene.call(&routes, &mut found).await;
    }
    // Whoever may read does: otherwise nothing was proven.
    let shows = routes
        .iter()
        .any(|(method, path)| method == Method::GET && path.ends_with("/requests/{id}"));
    assert!(!shows || found.len() >= 5, "{found:?}");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.lines().count() > 1_000, "a log was written");
    for mark in &scene.marks {
        let line = log.lines().find(|line| line.contains(&mark.text));
        assert_eq!(line, None, "something personal stands in the log");
    }
    scene.site.stop().await;
}

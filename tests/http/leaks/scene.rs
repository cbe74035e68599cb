//! Two patronati and two sedi that talk, each word of theirs with a mark of its own.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use usciere::domain::command::Role;
use usciere::domain::person::{Person, Scope};

use super::read::Paper;
use crate::harness::Site;
use crate::people::{manager, member, officer};

const SEED: u64 = 20_261_127;
pub(super) const OFFICES: [(&str, &str, &str); 4] = [
    ("inca", "INCA-RM-001", "BNCMRA50A01H501U"),
    ("inca", "INCA-RM-002", "CNTLNE60P49H501A"),
    ("acli", "ACLI-RM-001", "SPSNTN89M21H501R"),
    ("acli", "ACLI-MI-001", "RMNMRA58B56F839T"),
];
pub(super) const SEDI: [&str; 2] = ["700000", "701300"];

/// A text that occurs nowhere else, and who may read it.
pub(super) struct Mark {
    pub(super) text: String,
    /// It stands in the register of citizens, where every operator may search.
    pub(super) in_register: bool,
    pub(super) office: Option<usize>,
    pub(super) sedi: Vec<&'static str>,
}

/// A request, the office it is of and the sede that holds it.
pub(super) struct Sent {
    pub(super) path: String,
    pub(super) office: usize,
    pub(super) sede: &'static str,
}

pub(super) struct Scene {
    pub(super) site: Site,
    pub(super) rng: StdRng,
    pub(super) operators: Vec<Person>,
    pub(super) marks: Vec<Mark>,
    pub(super) requests: Vec<Sent>,
    /// Codes, hashes and the like that paths may hold, by the name of the parameter.
    pub(super) words: BTreeMap<&'static str, Vec<String>>,
    /// By their kind.
    pub(super) papers: BTreeMap<&'static str, Vec<Paper>>,
}

impl Scene {
    pub(super) fn mark(&mut self, office: Option<usize>, sedi: &[&'static str]) -> String {
        let letters = (0..12).map(|_| char::from(self.rng.random_range(b'a'..=b'z')));
        let text: String = "zq".chars().chain(letters).collect();
        self.marks.push(Mark {
            text: text.clone(),
            in_register: false,
            office,
            sedi: sedi.to_vec(),
        });
        text
    }

    /// Two patronati with two offices each, two requests of each, held by two sedi; all of them talk.
    pub(super) async fn set() -> Self {
        let mut scene = Self {
            site: Site::start().await,
            rng: StdRng::seed_from_u64(SEED),
            operators: Vec::new(),
            marks: Vec::new(),
            requests: Vec::new(),
            words: BTreeMap::from([("code", SEDI.map(str::to_owned).to_vec()), ("sha256", Vec::new())]),
            papers: BTreeMap::new(),
        };
        for (office, (patronato, code, citizen)) in OFFICES.into_iter().enumerate() {
            let (id, name) = (scene.mark(Some(office), &SEDI), scene.mark(Some(office), &SEDI));
            let family = scene.mark(Some(office), &SEDI);
            scene.marks.last_mut().unwrap().in_register = true;
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

    pub(super) async fn converse(&mut self, office: usize, citizen: &str, sede: &'static str) {
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

    pub(super) fn file(&mut self, office: usize, sede: &'static str) -> Value {
        use base64::Engine as _;
        use sha2::Digest as _;
        let (name, content) = (self.mark(Some(office), &[sede]), self.mark(Some(office), &[sede]));
        let hash = sha2::Sha256::digest(&content);
        self.words.get_mut("sha256").unwrap().push(format!("{hash:x}"));
        let content = base64::engine::general_purpose::STANDARD.encode(content);
        json!({ "name": format!("{name}.txt"), "content_base64": content })
    }

    pub(super) fn readers(&self) -> Vec<Person> {
        let mut readers = self.operators.clone();
        readers.extend(SEDI.map(officer));
        // Of offices and sedi that nothing was sent from or to, and of nobody.
        readers.push(member("op9", "Nessuno", "acli", "ACLI-BG-001", &[Role::Operator]));
        readers.push(officer("700001"));
        readers.push(manager());
        readers
    }

    pub(super) fn may_read(reader: &Person, office: Option<usize>, sedi: &[&str]) -> bool {
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

    pub(super) fn seen(&self, text: &str) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(move |mark| text.contains(&mark.text))
    }
}

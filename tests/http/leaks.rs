//! Nothing of one office or sede reaches another, by any route there is, and nothing personal reaches the log.
//!
//! Everything people write carries a mark of its own. Then everybody calls whatever the OpenAPI document lists, in a
//! seeded random order, about everybody's requests; each answer is searched for marks its reader must not see. A
//! route added tomorrow is called as well.

mod read;
mod scene;

use std::collections::BTreeMap;
use std::fs::File;

use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use reqwest::Method;
use serde_json::json;
use usciere::config::log::LogSettings;
use usciere::domain::person::Scope;
use usciere::telemetry::log::{Verbosity, subscriber};

use crate::described;
use crate::harness::answered;
use scene::{OFFICES, Scene, Sent};

const CALLS: usize = 1_200;

impl Scene {
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
        let searches = route.contains("/citizens") && matches!(reader.scope(), Scope::Office { .. });
        for mark in self.seen(&answer.text()) {
            let given = asked.contains(&mark.text) || (searches && mark.in_register);
            let allowed = Self::may_read(&reader, mark.office, &mark.sedi);
            assert!(allowed || given, "{what} shows {}", mark.text);
            if allowed {
                *found.entry(reader.id.to_string()).or_default() += 1;
            }
        }
        self.keep(reader, what, answer);
    }
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
    let always = &[usciere::amqp::SILENCED];
    let (subscriber, _) = subscriber(&settings, Verbosity::Configured, file, false, always).unwrap();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    (folder, path)
}

#[tokio::test]
async fn nothing_of_one_office_or_sede_reaches_another_nor_the_log() {
    let (_folder, log) = log();
    let mut scene = Scene::set().await;
    let routes = described::routes();
    let mut found = BTreeMap::new();
    for _ in 0..CALLS {
        scene.call(&routes, &mut found).await;
    }
    // Whoever may read does: otherwise nothing was proven.
    let shows = routes
        .iter()
        .any(|(method, path)| method == Method::GET && path.ends_with("/requests/{id}"));
    assert!(!shows || found.len() >= 5, "{found:?}");
    scene.papers_hold_nothing_of_others();
    scene.streams_tell_nothing_of_others().await;
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.lines().count() > 1_000, "a log was written");
    for mark in &scene.marks {
        let line = log.lines().find(|line| line.contains(&mark.text));
        assert_eq!(line, None, "something personal stands in the log");
    }
    scene.site.stop().await;
}

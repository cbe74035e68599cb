//! Every code of CONTRACT.md 1 "Refused", provoked by both doors of one node: the portal or sede is told the same over
//! AMQP and over HTTP.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use usciere::domain::command::CommandKind;
use usciere::domain::person::{Capacity, Person};
use usciere::domain::refusal::RefusalCode;

use crate::harness::{SEDE, Site, submission};
use crate::people::{colleague, of_pomezia, officer, operator};

/// What a request has been through before the refused command.
#[derive(Debug, Clone, Copy)]
enum Situation {
    New,
    /// Solicited twice, 15 days after the second.
    SolicitedTwice,
    Booked,
    /// Answered, and no more to be written to.
    Barred,
}

/// A command that is refused.
struct Row {
    code: RefusalCode,
    status: u16,
    /// The place in the body it is about.
    pointer: Option<&'static str>,
    situation: Situation,
    person: Person,
    kind: CommandKind,
    body: Value,
}

/// A submission that is right but for this.
fn wrong(code: RefusalCode, status: u16, pointer: Option<&'static str>, change: Value) -> Row {
    Row {
        code,
        status,
        pointer,
        situation: Situation::New,
        person: operator(),
        kind: CommandKind::Submit,
        body: with(submission(), change),
    }
}

/// A command about a request.
fn later(
    code: RefusalCode,
    status: u16,
    situation: Situation,
    person: Person,
    kind: CommandKind,
    body: Value,
) -> Row {
    Row {
        code,
        status,
        pointer: None,
        situation,
        person,
        kind,
        body,
    }
}

fn submissions() -> Vec<Row> {
    let long = "x".repeat(4_001);
    let big = "A".repeat(6 * 1024 * 1024 / 3 * 4 + 4);
    let file =
        |name: &str, content: &str| json!({"attachments": [{"name": name, "content_base64": content}]});
    let practice = |kind: &str, number: &str| json!({"practice": {"kind": kind, "number": number}});
    let fiscal = |code: &str| json!({"citizen": {"codice_fiscale": code}});
    let nowhere = json!({"attachments": [{"name": "a.pdf", "sha256": "0".repeat(64)}]});
    let citizen = Some("/citizen/codice_fiscale");
    vec![
        wrong(
            RefusalCode::CitizenUnknown,
            422,
            citizen,
            fiscal("RSSMRA85T10A562S"),
        ),
        wrong(
            RefusalCode::CitizenAmbiguous,
            422,
            None,
            fiscal("FRRNNA52L54F205X"),
        ),
        wrong(
            RefusalCode::DelegationMissing,
            422,
            Some("/delegation"),
            json!({"delegation": false}),
        ),
        wrong(
            RefusalCode::ReasonNotAllowed,
            422,
            Some("/reason"),
            json!({"reason": "regulatory_clarification"}),
        ),
        wrong(
            RefusalCode::PracticeRequired,
            422,
            Some("/practice"),
            json!({"practice": null}),
        ),
        wrong(
            RefusalCode::PracticeNotLinked,
            422,
            None,
            practice("domus", "99999999"),
        ),
        wrong(
            RefusalCode::PracticeNotEntitled,
            422,
            None,
            practice("pension", "030010110000003"),
        ),
        wrong(
            RefusalCode::TopicUnknown,
            422,
            Some("/topic"),
            json!({"topic": "astronomia"}),
        ),
        wrong(
            RefusalCode::TopicNotForReason,
            422,
            Some("/topic"),
            json!({"topic": "normativa-previdenziale"}),
        ),
        wrong(
            RefusalCode::TextMissing,
            422,
            Some("/text"),
            json!({"text": "  "}),
        ),
        wrong(
            RefusalCode::TextTooLong,
            422,
            Some("/text"),
            json!({"text": long}),
        ),
        wrong(
            RefusalCode::AttachmentType,
            422,
            None,
            file("a.exe", "TVqQAAMAAAA="),
        ),
        wrong(RefusalCode::AttachmentTooLarge, 413, None, file("a.txt", &big)),
        wrong(RefusalCode::AttachmentMissing, 422, None, nowhere),
        wrong(
            RefusalCode::SedeUnknown,
            422,
            Some("/sede"),
            json!({"sede": "999999"}),
        ),
        wrong(RefusalCode::InvalidBody, 422, Some("/text"), json!({"text": 17})),
    ]
}

fn commands() -> Vec<Row> {
    use CommandKind::{Book, Message, Reply, Solicit, Transfer};
    use Situation::{Barred, Booked, New, SolicitedTwice};
    let (text, wish, nothing) = (
        json!({"text": "Novità?"}),
        json!({"wish": "di mattina"}),
        json!({}),
    );
    let gone = json!({"sede": SEDE, "reason": "competenza"});
    vec![
        later(
            RefusalCode::RequestUnknown,
            404,
            New,
            of_pomezia(),
            Message,
            text.clone(),
        ),
        later(RefusalCode::NotSender, 403, New, colleague(), Book, wish.clone()),
        later(
            RefusalCode::NotYourSede,
            403,
            New,
            officer("230001"),
            Reply,
            text.clone(),
        ),
        later(
            RefusalCode::NotYet,
            409,
            New,
            operator(),
            Solicit,
            nothing.clone(),
        ),
        later(
            RefusalCode::LimitReached,
            409,
            SolicitedTwice,
            operator(),
            Solicit,
            nothing,
        ),
        later(
            RefusalCode::AwaitingReply,
            409,
            New,
            operator(),
            Message,
            text.clone(),
        ),
        later(
            RefusalCode::ConversationClosed,
            409,
            Barred,
            operator(),
            Message,
            text,
        ),
        later(RefusalCode::AlreadyBooked, 409, Booked, operator(), Book, wish),
        later(
            RefusalCode::StateConflict,
            409,
            New,
            officer(SEDE),
            Transfer,
            gone,
        ),
    ]
}

/// One node, and the day it has come to.
struct World {
    site: Site,
    day: i64,
}

impl World {
    fn later(&mut self, days: i64) {
        self.day += days;
        self.site.days_later(self.day);
    }

    /// A request that has been through this: its path.
    async fn reach(&mut self, situation: Situation) -> String {
        let path = self.site.submit(&operator()).await;
        match situation {
            Situation::New => {}
            Situation::SolicitedTwice => {
                for _ in 0..2 {
                    self.later(15);
                    self.act(&operator(), &path, CommandKind::Solicit, json!({}))
                        .await;
                }
                self.later(15);
            }
            Situation::Booked => {
                self.later(16);
                self.act(
                    &operator(),
                    &path,
                    CommandKind::Book,
                    json!({"wish": "di mattina"}),
                )
                .await;
            }
            Situation::Barred => {
                let reply = json!({"text": "Accolta.", "continuation": "barred"});
                self.act(&officer(SEDE), &path, CommandKind::Reply, reply).await;
            }
        }
        path
    }

    async fn act(&self, person: &Person, path: &str, kind: CommandKind, body: Value) {
        let answer = self.site.post(person, &address(kind, path), &body).await;
        answer.done(200);
    }

    /// Over HTTP: the problem.
    async fn over_http(&self, row: &Row, path: &str) -> Value {
        let answer = self
            .site
            .post(&row.person, &address(row.kind, path), &row.body)
            .await;
        answer.problem(row.status, row.code.as_str())
    }

    /// Over AMQP: what the sender is told.
    async fn over_amqp(&self, row: &Row, path: &str) -> Value {
        let body = with(row.body.clone(), by(&row.person));
        let body = match row.kind {
            CommandKind::Submit => with(body, json!({"patronato": "inca"})),
            _ => with(body, json!({"request_id": path.rsplit('/').next()})),
        };
        let source = row.person.source().unwrap();
        let id = self.site.clock.new_id().to_string();
        let key = format!("{source}.{}", row.kind);
        self.site.outsider.send(&id, &key, &body).await;
        loop {
            let told = self.site.next(&source.to_string()).await;
            if told.causation_id() == id {
                assert_eq!(told.kind, "command.refused", "{:?}", told.body);
                assert_eq!(told.body["command"], row.kind.as_str());
                return told.body;
            }
        }
    }
}

fn address(kind: CommandKind, path: &str) -> String {
    match kind {
        CommandKind::Submit => "/requests".to_owned(),
        CommandKind::Message => format!("{path}/messages"),
        CommandKind::Solicit => format!("{path}/solicits"),
        CommandKind::Book => format!("{path}/appointments"),
        CommandKind::Reply => format!("{path}/reply"),
        CommandKind::Transfer => format!("{path}/transfer"),
        other => panic!("no row needs {other}"),
    }
}

/// What a message says of its sender, where HTTP has a token.
fn by(person: &Person) -> Value {
    match &person.capacity {
        Capacity::Patronato(member) => {
            json!({"operator": person.as_operator(), "office": member.office})
        }
        Capacity::Sede { .. } => json!({"officer": person.as_officer()}),
        Capacity::Manager => json!({}),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "reads better at every call")]
fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn both_doors_refuse_with_every_code_in_the_same_words() {
    let mut world = World {
        site: Site::start().await,
        day: 0,
    };
    let mut seen = BTreeSet::new();
    for row in submissions().into_iter().chain(commands()) {
        let path = world.reach(row.situation).await;
        let problem = world.over_http(&row, &path).await;
        let told = world.over_amqp(&row, &path).await;
        let code = row.code;
        assert_eq!(told["code"], code.as_str());
        assert_eq!(told["message"], problem["detail"], "{code}");
        for member in ["fields", "why", "candidates"] {
            let nothing = json!([]);
            let of = |body: &Value| body.get(member).unwrap_or(&nothing).clone();
            assert_eq!(of(&told), of(&problem), "{member} of {code}");
        }
        assert_eq!(
            told.get("available_from"),
            problem.get("available_from"),
            "{code}"
        );
        if let Some(pointer) = row.pointer {
            let pointers: Vec<&Value> = problem["fields"]
                .as_array()
                .unwrap()
                .iter()
                .map(|f| &f["pointer"])
                .collect();
            assert_eq!(pointers, [pointer], "{code}");
        }
        seen.insert(code);
    }
    let missing: Vec<&RefusalCode> = RefusalCode::ALL
        .iter()
        .filter(|code| !seen.contains(code))
        .collect();
    assert!(missing.is_empty(), "no row provokes {missing:?}");
    world.site.stop().await;
}

//! Everything that is wrong with a body's shape, by JSON pointer, in Italian and without the values.
//!
//! Only on this slow path is a body held against its JSON Schema: it knows all problems at once. What a schema
//! cannot say (a check character, the 30th of February) comes from the typed decoder, with its path.

use std::sync::OnceLock;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError, Validator};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::domain::command::{ByOfficer, ByOperator, Command, CommandKind};
use crate::domain::command_bodies::ForBody;
use crate::domain::refusal::{FieldProblem, Refusal, RefusalCode};
use crate::schema::Message;

/// Problems told at most: enough to mend a body, and a bound on the answer.
const MAX_PROBLEMS: usize = 50;

/// The refusal of a body with these problems.
pub(super) fn refusal(problems: Vec<FieldProblem>) -> Refusal {
    let mut refusal = Refusal::new(RefusalCode::InvalidBody, "Il contenuto del comando non è valido.");
    refusal.fields = problems;
    refusal
}

/// All problems of a body that is no command.
pub(super) fn all(kind: CommandKind, body: &Value) -> Vec<FieldProblem> {
    let mut problems = by_schema(kind, body);
    if problems.is_empty() {
        problems.push(by_type(kind, body));
    }
    problems
}

/// What the schema of a kind's body objects to.
pub(super) fn by_schema(kind: CommandKind, body: &Value) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    for error in validator(kind).iter_errors(body).take(MAX_PROBLEMS) {
        collect(&error, &mut problems);
    }
    problems.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    problems.dedup();
    problems.truncate(MAX_PROBLEMS);
    problems
}

fn validator(kind: CommandKind) -> &'static Validator {
    static VALIDATORS: [OnceLock<Validator>; CommandKind::ALL.len()] =
        [const { OnceLock::new() }; CommandKind::ALL.len()];
    let at = CommandKind::ALL
        .iter()
        .position(|one| *one == kind)
        .expect("ALL lists every kind");
    VALIDATORS[at].get_or_init(|| {
        jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&Message::Command(kind).schema())
            .expect("a schema made from a type is valid")
    })
}

/// Adds what an error means to people; alternatives are told by the branch that was meant.
fn collect(error: &ValidationError<'_>, problems: &mut Vec<FieldProblem>) {
    let pointer = error.instance_path().to_string();
    match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            // "or null" is not what was meant by a value that is not null.
            let meant: Vec<_> = context
                .iter()
                .filter(|branch| !branch.iter().all(is_null_wanted))
                .flatten()
                .collect();
            let words: Vec<_> = meant.iter().filter_map(|error| wanted_word(error)).collect();
            if meant.is_empty() {
                problems.push(problem(pointer, "Valore non valido."));
            } else if words.len() == meant.len() {
                problems.push(problem(
                    pointer,
                    &format!("Valore non ammesso: atteso uno di {}.", words.join(", ")),
                ));
            } else {
                for error in meant {
                    collect(error, problems);
                }
            }
        }
        Kind::Required { property } => {
            let name = escaped(property.as_str().unwrap_or_default());
            problems.push(problem(
                format!("{pointer}/{name}"),
                "Campo obbligatorio mancante.",
            ));
        }
        kind => problems.push(problem(pointer, &meaning(kind))),
    }
}

fn is_null_wanted(error: &ValidationError<'_>) -> bool {
    matches!(
        error.kind(),
        Kind::Type {
            kind: TypeKind::Single(JsonType::Null)
        }
    )
}

/// The word of an alternative that is one word: an enum whose variants are documented has one branch for each.
fn wanted_word<'e>(error: &'e ValidationError<'_>) -> Option<&'e str> {
    match error.kind() {
        Kind::Constant { expected_value } => expected_value.as_str(),
        _ => None,
    }
}

fn meaning(kind: &Kind) -> String {
    match kind {
        Kind::Type {
            kind: TypeKind::Single(wanted),
        } => format!("Tipo non valido: atteso {}.", word(*wanted)),
        Kind::Type {
            kind: TypeKind::Multiple(wanted),
        } => {
            let words: Vec<_> = wanted
                .iter()
                .filter(|wanted| *wanted != JsonType::Null)
                .map(word)
                .collect();
            format!("Tipo non valido: atteso {}.", words.join(" o "))
        }
        Kind::Enum { options } => {
            let options: Vec<_> = options
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            format!("Valore non ammesso: atteso uno di {}.", options.join(", "))
        }
        Kind::Constant { expected_value } => match expected_value.as_str() {
            Some(expected) => format!("Valore non ammesso: atteso {expected}."),
            None => "Valore non ammesso.".to_owned(),
        },
        Kind::Pattern { pattern } => format!("Formato non valido: atteso {pattern}."),
        Kind::Format { format } => match format.as_str() {
            "uuid" => "Formato non valido: atteso un UUID.".to_owned(),
            "date" => "Formato non valido: attesa una data AAAA-MM-GG.".to_owned(),
            "date-time" => "Formato non valido: attesa una data con ora e fuso (RFC 3339).".to_owned(),
            other => format!("Formato non valido: atteso {other}."),
        },
        _ => "Valore non valido.".to_owned(),
    }
}

const fn word(wanted: JsonType) -> &'static str {
    match wanted {
        JsonType::Array => "un elenco",
        JsonType::Boolean => "true o false",
        JsonType::Integer => "un numero intero",
        JsonType::Null => "null",
        JsonType::Number => "un numero",
        JsonType::Object => "un oggetto",
        JsonType::String => "un testo",
    }
}

/// The first thing the typed decoder objects to.
fn by_type(kind: CommandKind, body: &Value) -> FieldProblem {
    let mut pointer = kind.with_body_type(FirstFault(body)).unwrap_or_default();
    if pointer.is_empty() && kind != CommandKind::Submit {
        // Flattened members lose their path; they are the same for every command of one side.
        let probe = if kind.is_of_portal() {
            fault_of::<ByOperator>(body)
        } else {
            fault_of::<ByOfficer>(body)
        };
        pointer = probe.unwrap_or_default();
    }
    let message = if pointer.ends_with("/codice_fiscale") {
        "Codice fiscale non valido."
    } else {
        "Valore non valido."
    };
    problem(pointer, message)
}

struct FirstFault<'a>(&'a Value);

impl ForBody for FirstFault<'_> {
    type Output = Option<String>;

    fn run<T: Serialize + DeserializeOwned + JsonSchema>(self, _: fn(T) -> Command) -> Self::Output {
        fault_of::<T>(self.0)
    }
}

fn fault_of<T: DeserializeOwned>(body: &Value) -> Option<String> {
    serde_path_to_error::deserialize::<_, T>(body)
        .err()
        .map(|error| pointer(error.path()))
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => escaped(key),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    pointer
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn problem(pointer: String, message: &str) -> FieldProblem {
    FieldProblem {
        pointer,
        message: message.to_owned(),
    }
}

//! What is wrong with a configuration: every mistake at once, each with its key, its source and a way out.

use std::fmt;

use figment::error::{Actual, Kind};
use serde::Serialize;

use super::layer::Origin;
use super::reference::{self, Documented};

/// One thing wrong. Never holds a value: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Dotted, as in `http.listen`; none for a whole file.
    pub key: Option<String>,
    pub origin: Option<Origin>,
    /// To be read after the key or the source: `is not a whole number`.
    pub problem: String,
    pub fix: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.key, &self.origin) {
            (Some(key), Some(origin)) => write!(f, "{key} {} ({origin})", self.problem)?,
            (Some(key), None) => write!(f, "{key} {}", self.problem)?,
            (None, Some(origin)) => write!(f, "{origin} {}", self.problem)?,
            (None, None) => f.write_str(&self.problem)?,
        }
        write!(f, "\n    fix: {}", self.fix)
    }
}

impl Serialize for Mistake {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut fields = serializer.serialize_struct("Mistake", 4)?;
        fields.serialize_field("key", &self.key)?;
        fields.serialize_field("source", &self.origin.as_ref().map(ToString::to_string))?;
        fields.serialize_field("problem", &self.problem)?;
        fields.serialize_field("fix", &self.fix)?;
        fields.end()
    }
}

/// Why no configuration could be made: at least one mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the configuration has 1 mistake")?,
            count => write!(f, "the configuration has {count} mistakes")?,
        }
        for mistake in &self.0 {
            write!(f, "\n  ✘ {mistake}")?;
        }
        Ok(())
    }
}

/// What the built-in file knows: the keys there are, and how their values are written.
pub(super) struct Manual {
    keys: Vec<Documented>,
    /// Keys and the sections they stand in.
    names: Vec<String>,
}

impl Manual {
    pub(super) fn new(defaults: &str) -> Self {
        let keys = reference::keys(defaults);
        let mut names: Vec<String> = keys.iter().map(|documented| documented.key.clone()).collect();
        let sections = keys
            .iter()
            .filter_map(|documented| documented.key.rsplit_once('.'));
        names.extend(sections.map(|(section, _)| section.to_owned()));
        names.dedup();
        Self { keys, names }
    }

    /// The default value of a key as it is written, to be copied.
    fn example(&self, key: &str) -> Option<String> {
        let documented = self.keys.iter().find(|documented| documented.key == key)?;
        let name = key.rsplit('.').next()?;
        Some(format!("{name} = {}", documented.default))
    }

    /// The problem and the fix that an error of figment about `key` stands for.
    pub(super) fn explain(&self, kind: &Kind, key: &str) -> (String, String) {
        let such_as = self
            .example(key)
            .map(|example| format!(", such as {example}"))
            .unwrap_or_default();
        match kind {
            Kind::Message(message) => {
                let fix = match self.example(key) {
                    Some(example) => format!("write it like the default: {example}"),
                    None => "see docs/configuration.md".to_owned(),
                };
                (format!("is wrong: {message}"), fix)
            }
            Kind::InvalidType(found, expected) => (
                format!("is {}", describe(found)),
                format!("write {}{such_as}", expectation(expected)),
            ),
            Kind::InvalidValue(_, expected) | Kind::InvalidLength(_, expected) => (
                "is out of range".to_owned(),
                format!("write {}{such_as}", expectation(expected)),
            ),
            Kind::UnknownVariant(_, allowed) => (
                "is not one of its values".to_owned(),
                format!("write one of {}", allowed.join(", ")),
            ),
            Kind::UnknownField(..) => {
                let fix = match closest(key, &self.names) {
                    Some(near) => format!("did you mean {near}?"),
                    None => "remove it; `usciere config show` lists every key".to_owned(),
                };
                ("is not a key of the configuration".to_owned(), fix)
            }
            Kind::MissingField(name) => (format!("lacks {name}"), format!("add {name}")),
            Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => (
                "is out of range".to_owned(),
                format!("write a smaller number{such_as}"),
            ),
            Kind::DuplicateField(_) | Kind::Unsupported(_) | Kind::UnsupportedKey(..) => (
                "is not understood".to_owned(),
                "see docs/configuration.md".to_owned(),
            ),
        }
    }
}

/// What was found, without its value.
fn describe(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) => "a whole number",
        Actual::Float(_) => "a number with a fraction",
        Actual::Char(_) | Actual::Str(_) | Actual::Bytes(_) => "text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        Actual::Unit
        | Actual::Option
        | Actual::NewtypeStruct
        | Actual::Enum
        | Actual::UnitVariant
        | Actual::NewtypeVariant
        | Actual::TupleVariant
        | Actual::StructVariant
        | Actual::Other(_) => "of the wrong kind",
    }
}

/// What serde expected, in the words of someone who writes the file.
fn expectation(expected: &str) -> &'static str {
    match expected {
        "a boolean" => "true or false",
        text if text.contains("struct") || text.contains("map") => {
            "a table: a [SECTION] with KEY = VALUE lines"
        }
        text if text.contains("sequence") => "a list, such as [\"a\", \"b\"]",
        text if text.contains("nonzero") => "a whole number of at least 1, without quotes",
        "u16" => "a whole number from 0 to 65535, without quotes",
        "u8" | "u32" | "u64" | "usize" | "i64" => "a whole number, without quotes",
        "f64" => "a number",
        _ => "text in double quotes",
    }
}

/// The known key most like `written`, when it is like enough to be a slip of the pen.
pub(super) fn closest<'a>(written: &str, known: &'a [String]) -> Option<&'a str> {
    known
        .iter()
        .map(|key| (distance(written, key), key.as_str()))
        .filter(|(distance, key)| *distance <= 1 + key.len().min(written.len()) / 4)
        .min()
        .map(|(_, key)| key)
}

/// Levenshtein's distance: insertions, deletions and substitutions that make `a` of `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_of_the_pen_and_nothing_else() {
        let known = ["http.listen", "database.url", "amqp.url"].map(str::to_owned);
        assert_eq!(closest("http.lisen", &known), Some("http.listen"));
        assert_eq!(closest("databse.url", &known), Some("database.url"));
        assert_eq!(closest("ampq.url", &known), Some("amqp.url"));
        assert_eq!(closest("webserver.port", &known), None);
    }
}

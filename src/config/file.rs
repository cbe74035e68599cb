//! Reads a TOML file into a layer, with the line of every key and all its syntax errors at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use figment::value::{Dict, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layer::{Layer, Origin};
use super::mistake::Mistake;

/// What the file at `path` says, or `None` where there is no such file.
pub(super) fn read(path: &Path, shown: &Path, mistakes: &mut Vec<Mistake>) -> Option<Layer> {
    match std::fs::read_to_string(path) {
        Ok(text) => Some(parse(&text, Origin::file(shown), mistakes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            mistakes.push(Mistake {
                key: None,
                origin: Some(Origin::file(shown)),
                problem: format!("cannot be read: {error}"),
                fix: "make it a readable text file in UTF-8, or remove it".to_owned(),
            });
            None
        }
    }
}

/// Parses `text`. Errors never quote it: it may hold a password.
pub(super) fn parse(text: &str, origin: Origin, mistakes: &mut Vec<Mistake>) -> Layer {
    let (table, errors) = DeTable::parse_recoverable(text);
    let lines = Lines::new(text);
    let mut reader = Reader {
        lines,
        broken: BTreeSet::new(),
        places: BTreeMap::new(),
    };
    for error in errors {
        let line = error.span().map(|span| reader.lines.at(span.start));
        reader.broken.extend(line);
        mistakes.push(Mistake {
            key: None,
            origin: Some(origin.at_line(line)),
            problem: format!("is not valid TOML: {}", error.message()),
            fix: "write KEY = VALUE lines under [SECTION] headings, texts in double quotes".to_owned(),
        });
    }
    let values = reader.dict(table.get_ref(), "");
    Layer {
        origin,
        values,
        lines: reader.places,
    }
}

/// Turns what the parser read into values, and notes on which line each key stands.
struct Reader {
    lines: Lines,
    /// Lines with syntax errors: what the parser guessed there is not to be judged.
    broken: BTreeSet<usize>,
    places: BTreeMap<String, usize>,
}

impl Reader {
    fn dict(&mut self, table: &DeTable<'_>, prefix: &str) -> Dict {
        let mut values = Dict::new();
        for (name, spanned) in table {
            let line = self.lines.at(name.span().start);
            if self.broken.contains(&line) && !spanned.get_ref().is_table() {
                continue;
            }
            let key = format!("{prefix}{}", name.get_ref());
            self.places.insert(key.clone(), line);
            values.insert(name.get_ref().to_string(), self.value(spanned, &key));
        }
        values
    }

    fn value(&mut self, spanned: &Spanned<DeValue<'_>>, key: &str) -> Value {
        match spanned.get_ref() {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Value::from(number.as_str()), Value::from),
            DeValue::Float(number) => number
                .as_str()
                .parse::<f64>()
                .map_or_else(|_| Value::from(number.as_str()), Value::from),
            DeValue::Boolean(flag) => Value::from(*flag),
            DeValue::Datetime(moment) => Value::from(moment.to_string()),
            DeValue::Array(items) => items
                .iter()
                .map(|item| self.value(item, key))
                .collect::<Vec<_>>()
                .into(),
            DeValue::Table(table) => Value::from(self.dict(table, &format!("{key}."))),
        }
    }
}

/// Line numbers of byte offsets.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(offset, _)| offset).collect())
    }

    fn at(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|newline| *newline < offset)
    }
}

//! Turns environment variables into layers. The only module that reads the environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use figment::value::{Dict, Value};

use super::layer::{Layer, Origin};
use super::mistake::Mistake;

/// A snapshot of environment variables, so that tests need not touch the process's own.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

const PREFIX: &str = "USCIERE_";
const FILE_SUFFIX: &str = "_FILE";
/// Variables other tools agree on, and the key each sets.
const ADOPTED: [(&str, &str); 2] = [("DATABASE_URL", "database.url"), ("AMQP_URL", "amqp.url")];

impl Environment {
    /// The variables of this process that concern us. What is not UTF-8 cannot be one of them.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// A variable's value. An empty variable counts as unset: that is how compose files leave one out.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// One layer per variable: first those other tools agree on, then ours, which win.
    pub(super) fn layers(&self, shape: &Dict, mistakes: &mut Vec<Mistake>) -> Vec<Layer> {
        let adopted = ADOPTED
            .into_iter()
            .map(|(name, key)| (name.to_owned(), key.to_owned()));
        let own = self.0.keys().filter_map(|name| {
            // Where the stem is no key, the suffix is part of one: `smtp.ca_file`.
            let stem = name
                .strip_suffix(FILE_SUFFIX)
                .and_then(|stem| Some((stem, key_of(stem)?)));
            match stem {
                Some((stem, key)) if lookup(shape, &key).is_some() => Some((stem.to_owned(), key)),
                Some(_) | None => Some((name.clone(), key_of(name)?)),
            }
        });
        let mut variables: Vec<(String, String)> = Vec::new();
        for variable in adopted.chain(own) {
            if !variables.contains(&variable) {
                variables.push(variable);
            }
        }
        variables
            .iter()
            .filter_map(|(name, key)| self.layer(name, key, shape, mistakes))
            .collect()
    }

    fn layer(&self, name: &str, key: &str, shape: &Dict, mistakes: &mut Vec<Mistake>) -> Option<Layer> {
        let file_variable = format!("{name}{FILE_SUFFIX}");
        let (origin, text) = match (self.get(name), self.get(&file_variable)) {
            (None, None) => return None,
            (Some(value), None) => (
                Origin::Variable {
                    name: name.to_owned(),
                    file: None,
                },
                value.to_owned(),
            ),
            (None, Some(file)) => {
                let path = PathBuf::from(file);
                let origin = Origin::Variable {
                    name: file_variable,
                    file: Some(path.clone()),
                };
                match std::fs::read_to_string(&path) {
                    Ok(text) => (origin, text.trim_end_matches(['\r', '\n']).to_owned()),
                    Err(error) => {
                        mistakes.push(Mistake {
                            key: Some(key.to_owned()),
                            origin: Some(origin),
                            problem: format!("names a file that cannot be read: {error}"),
                            fix: "name a readable file that holds the value alone".to_owned(),
                        });
                        return None;
                    }
                }
            }
            (Some(_), Some(_)) => {
                mistakes.push(Mistake {
                    key: Some(key.to_owned()),
                    origin: Some(Origin::Variable {
                        name: file_variable.clone(),
                        file: None,
                    }),
                    problem: format!("is given twice, by {name} as well"),
                    fix: format!("unset {name} or {file_variable}"),
                });
                return None;
            }
        };
        Some(Layer::single(origin, key, typed(&text, lookup(shape, key))))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .filter(|(name, _)| {
                    let stem = name.strip_suffix(FILE_SUFFIX).unwrap_or(name);
                    name.starts_with(PREFIX)
                        || ADOPTED.iter().any(|(adopted, _)| *adopted == stem)
                        || name == "NO_COLOR"
                })
                .collect(),
        )
    }
}

/// `USCIERE_HTTP__LISTEN` sets `http.listen`.
fn key_of(name: &str) -> Option<String> {
    Some(name.strip_prefix(PREFIX)?.to_ascii_lowercase().replace("__", "."))
}

fn lookup<'a>(shape: &'a Dict, key: &str) -> Option<&'a Value> {
    let (mut names, mut values) = (key.split('.').peekable(), shape);
    loop {
        let value = values.get(names.next()?)?;
        if names.peek().is_none() {
            return Some(value);
        }
        values = value.as_dict()?;
    }
}

/// Reads `text` as the kind of value its key has by default; what does not fit stays text, for the error to name.
pub(super) fn typed(text: &str, like: Option<&Value>) -> Value {
    let parsed = match like {
        Some(Value::Bool(..)) => text.parse::<bool>().ok().map(Value::from),
        Some(Value::Num(..)) => text.parse::<i64>().ok().map(Value::from),
        Some(Value::Array(..)) => Some(list(text).into()),
        Some(Value::String(..) | Value::Char(..) | Value::Dict(..) | Value::Empty(..)) | None => None,
    };
    parsed.unwrap_or_else(|| Value::from(text))
}

/// `a, b` or, as in the files, `["a", "b"]`; an empty list is `[]`.
fn list(text: &str) -> Vec<Value> {
    let inside = text.trim();
    let inside = inside
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(inside);
    let items = inside.split(',').map(|item| item.trim().trim_matches('"'));
    items.filter(|item| !item.is_empty()).map(Value::from).collect()
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn a_list_is_written_with_commas_or_as_in_the_files() {
        let read = |text| {
            let items = list(text);
            items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect::<Vec<_>>()
                .join("|")
        };
        assert_eq!(read("intake, relay"), "intake|relay");
        assert_eq!(read(r#"["intake", "relay"]"#), "intake|relay");
        assert_eq!((read("[]").as_str(), read("").as_str()), ("", ""));
    }
}

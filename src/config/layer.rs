//! One place configuration comes from, as a layer that figment merges over those below it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Compiled into the program: the name of the embedded file.
    BuiltIn(&'static str),
    File {
        path: PathBuf,
        line: Option<usize>,
    },
    /// An environment variable and, for `*_FILE`, the file it names.
    Variable {
        name: String,
        file: Option<PathBuf>,
    },
    Flag(String),
}

impl Origin {
    pub(super) fn file(path: &Path) -> Self {
        Self::File {
            path: path.to_owned(),
            line: None,
        }
    }

    pub(super) fn at_line(&self, line: Option<usize>) -> Self {
        match self {
            Self::File { path, .. } => Self::File {
                path: path.clone(),
                line,
            },
            Self::BuiltIn(_) | Self::Variable { .. } | Self::Flag(_) => self.clone(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(name) => write!(f, "built-in {name}"),
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Variable { name, file: None } => f.write_str(name),
            Self::Variable {
                name,
                file: Some(file),
            } => write!(f, "{name} ({})", file.display()),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// The values of one origin.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) origin: Origin,
    pub(super) values: Dict,
    /// The line each dotted key stands on, for origins that have lines.
    pub(super) lines: BTreeMap<String, usize>,
}

impl Layer {
    pub(super) fn single(origin: Origin, key: &str, value: Value) -> Self {
        let mut layer = Self {
            origin,
            values: Dict::new(),
            lines: BTreeMap::new(),
        };
        let names: Vec<&str> = key.split('.').collect();
        layer.values = nest(&names, value);
        layer
    }

    pub(super) fn holds(&self, path: &[String]) -> bool {
        find(&self.values, path).is_some()
    }

    pub(super) fn get(&self, path: &[String]) -> Option<&Value> {
        find(&self.values, path)
    }

    /// Takes a value out, so that the layer below shows.
    pub(super) fn remove(&mut self, path: &[String]) -> bool {
        remove(&mut self.values, path)
    }

    /// The file this layer was read from.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File { path, .. } => Some(path),
            Origin::Variable { file, .. } => file.as_deref(),
            Origin::BuiltIn(_) | Origin::Flag(_) => None,
        }
    }

    pub(super) fn origin_of(&self, key: &str) -> Origin {
        self.origin.at_line(self.lines.get(key).copied())
    }
}

fn nest(names: &[&str], value: Value) -> Dict {
    match names {
        [] => Dict::new(),
        [name] => Dict::from([((*name).to_owned(), value)]),
        [name, rest @ ..] => Dict::from([((*name).to_owned(), Value::from(nest(rest, value)))]),
    }
}

fn find<'a>(values: &'a Dict, path: &[String]) -> Option<&'a Value> {
    let (name, rest) = path.split_first()?;
    let value = values.get(name)?;
    if rest.is_empty() {
        Some(value)
    } else {
        find(value.as_dict()?, rest)
    }
}

fn remove(values: &mut Dict, path: &[String]) -> bool {
    match path {
        [] => false,
        [name] => values.remove(name).is_some(),
        [name, rest @ ..] => match values.get_mut(name) {
            Some(Value::Dict(_, inner)) => remove(inner, rest),
            _ => false,
        },
    }
}

impl Provider for &Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

//! The fields of one line by the names of their columns, as values; the complaints are Italian and name no value.

use csv::ByteRecord;

use crate::domain::ids::InvalidId;
use crate::domain::registers::MAX_NAME;

/// Why a line is bad.
pub(super) type Reason = String;

/// Where each column stands.
pub(super) struct Columns {
    places: Vec<(&'static str, usize)>,
    /// How many fields a line has.
    width: usize,
}

impl Columns {
    /// Finds the wanted columns by name; answers the missing ones.
    pub(super) fn find(
        header: &ByteRecord,
        wanted: &'static [&'static str],
    ) -> Result<Self, Vec<&'static str>> {
        let place = |name: &str| {
            header
                .iter()
                .position(|field| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        };
        let missing: Vec<_> = wanted
            .iter()
            .copied()
            .filter(|name| place(name).is_none())
            .collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        let places = wanted
            .iter()
            .filter_map(|name| place(name).map(|at| (*name, at)))
            .collect();
        Ok(Self {
            places,
            width: header.len(),
        })
    }

    /// The fields of a line, once it is known to be whole and to be text.
    pub(super) fn of<'a>(&'a self, record: &'a ByteRecord) -> Result<Fields<'a>, Reason> {
        if record.len() != self.width {
            return Err(format!("ha {} campi invece di {}", record.len(), self.width));
        }
        let texts: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
        let texts = texts.map_err(|_| "non è testo UTF-8".to_owned())?;
        let texts: Vec<&str> = texts.into_iter().map(str::trim).collect();
        if texts.iter().any(|text| text.chars().any(char::is_control)) {
            return Err("contiene caratteri di controllo".to_owned());
        }
        Ok(Fields {
            places: &self.places,
            texts,
        })
    }
}

pub(super) struct Fields<'a> {
    places: &'a [(&'static str, usize)],
    texts: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    /// The field as it stands; empty where there is nothing.
    fn raw(&self, column: &str) -> &'a str {
        let place = self.places.iter().find(|(name, _)| *name == column);
        place
            .and_then(|(_, at)| self.texts.get(*at))
            .copied()
            .unwrap_or_default()
    }

    /// A text that may be empty, of at most twice the length of a name.
    pub(super) fn text(&self, column: &str) -> Result<String, Reason> {
        let text = self.raw(column);
        if text.chars().count() > MAX_NAME * 2 {
            return Err(format!("{column}: più di {} caratteri", MAX_NAME * 2));
        }
        Ok(text.to_owned())
    }

    /// A text that must be there.
    pub(super) fn required(&self, column: &str) -> Result<String, Reason> {
        let text = self.text(column)?;
        if text.is_empty() {
            Err(missing(column))
        } else {
            Ok(text)
        }
    }

    /// A value that must be there; `expected` completes "atteso".
    pub(super) fn parse<T>(
        &self,
        column: &str,
        expected: &str,
        parse: impl Fn(&str) -> Result<T, InvalidId>,
    ) -> Result<T, Reason> {
        self.maybe(column, expected, parse)?
            .ok_or_else(|| missing(column))
    }

    /// A value that may be left out.
    pub(super) fn maybe<T>(
        &self,
        column: &str,
        expected: &str,
        parse: impl Fn(&str) -> Result<T, InvalidId>,
    ) -> Result<Option<T>, Reason> {
        match self.raw(column) {
            "" => Ok(None),
            text => parse(text).map(Some).map_err(|_| invalid(column, expected)),
        }
    }

    /// One of our own words.
    pub(super) fn word<T>(
        &self,
        column: &str,
        words: &[T],
        from: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Reason>
    where
        T: std::fmt::Display,
    {
        let known = || {
            words
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        match self.raw(column) {
            "" => Err(missing(column)),
            text => from(text).ok_or_else(|| invalid(column, &known())),
        }
    }

    pub(super) fn boolean(&self, column: &str) -> Result<bool, Reason> {
        match self.raw(column).to_lowercase().as_str() {
            "true" | "1" | "sì" | "si" | "vero" => Ok(true),
            "false" | "0" | "no" | "falso" => Ok(false),
            "" => Err(missing(column)),
            _ => Err(invalid(column, "true o false")),
        }
    }

    /// A list separated by `|`, without empty entries.
    pub(super) fn list(&self, column: &str) -> Result<Vec<String>, Reason> {
        let text = self.text(column)?;
        Ok(text
            .split('|')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(str::to_owned)
            .collect())
    }
}

pub(super) fn missing(column: &str) -> Reason {
    format!("{column}: manca")
}

pub(super) fn invalid(column: &str, expected: &str) -> Reason {
    format!("{column}: valore non valido, atteso {expected}")
}

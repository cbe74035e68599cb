//! Walks a TOML tree and collects every mistake instead of stopping at the first, as serde would.

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::workflow::problems::{Problem, suggest};

pub(super) type Node<'t> = Spanned<DeValue<'t>>;

/// A key of a table with its place and value.
pub(super) struct Entry<'n, 't> {
    pub key: &'n str,
    pub range: Range<usize>,
    pub value: &'n Node<'t>,
}

pub(super) struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    pub problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self {
            file,
            text,
            problems: Vec::new(),
        }
    }

    /// The tree of the file. Mistakes of syntax are kept; a damaged tree is not looked at further.
    pub(super) fn parse(&mut self) -> Option<Spanned<DeTable<'t>>> {
        let (tree, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            self.wrong(error.span().unwrap_or(0..0), error.message());
        }
        errors.is_empty().then_some(tree)
    }

    pub(super) fn wrong(&mut self, range: Range<usize>, message: impl Into<String>) {
        self.problems
            .push(Problem::at(self.file, self.text, range, message));
    }

    pub(super) fn wrong_help(
        &mut self,
        range: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems
            .push(Problem::at(self.file, self.text, range, message).help(help));
    }

    pub(super) fn missing(&mut self, range: Range<usize>, key: &str, owner: &str, help: &str) {
        self.wrong_help(range, format!("{owner} has no `{key}`"), help);
    }

    /// The entries in the order of the file, without those whose key is not `known`.
    pub(super) fn entries<'n>(
        &mut self,
        table: &'n DeTable<'t>,
        owner: &str,
        known: &[&str],
    ) -> Vec<Entry<'n, 't>> {
        let mut entries = in_order(table);
        entries.retain(|entry| {
            let fine = known.contains(&entry.key);
            if !fine {
                let help = suggest(entry.key, "keys", known.iter().copied());
                self.wrong_help(
                    entry.range.clone(),
                    format!("{owner} has no key `{}`", entry.key),
                    help,
                );
            }
            fine
        });
        entries
    }

    pub(super) fn table<'n>(&mut self, node: &'n Node<'t>, what: &str) -> Option<&'n DeTable<'t>> {
        let table = node.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(node, what, "a table");
        }
        table
    }

    pub(super) fn string(&mut self, node: &Node<'_>, what: &str) -> Option<Spanned<String>> {
        let Some(text) = node.get_ref().as_str() else {
            self.wrong_type(node, what, "a string");
            return None;
        };
        if text.trim().is_empty() {
            self.wrong(node.span(), format!("{what} is empty"));
            return None;
        }
        Some(Spanned::new(node.span(), text.trim().to_owned()))
    }

    pub(super) fn number(
        &mut self,
        node: &Node<'_>,
        what: &str,
        range: RangeInclusive<u16>,
    ) -> Option<Spanned<u16>> {
        let Some(integer) = node.get_ref().as_integer() else {
            self.wrong_type(node, what, "a whole number");
            return None;
        };
        let parsed = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = parsed
            .and_then(|number| u16::try_from(number).ok())
            .filter(|number| range.contains(number));
        if number.is_none() {
            self.wrong(
                node.span(),
                format!("{what} must lie between {} and {}", range.start(), range.end()),
            );
        }
        number.map(|number| Spanned::new(node.span(), number))
    }

    pub(super) fn flag(&mut self, node: &Node<'_>, what: &str) -> bool {
        let flag = node.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(node, what, "true or false");
        }
        flag.unwrap_or(false)
    }

    /// The items of a list.
    pub(super) fn list<'n, 'v>(&mut self, node: &'n Node<'v>, what: &str) -> Vec<&'n Node<'v>> {
        let Some(array) = node.get_ref().as_array() else {
            self.wrong_type(node, what, "a list");
            return Vec::new();
        };
        array.iter().collect()
    }

    /// A list of words of one vocabulary; unknown and repeated words are mistakes.
    pub(super) fn words<T: PartialEq>(
        &mut self,
        node: &Node<'_>,
        what: &str,
        vocabulary: &Vocabulary<T>,
    ) -> Vec<Spanned<T>> {
        let mut words: Vec<Spanned<T>> = Vec::new();
        for item in self.list(node, what) {
            let Some(word) = self.word(item, vocabulary) else {
                continue;
            };
            if words.iter().any(|earlier| earlier.get_ref() == word.get_ref()) {
                self.wrong(word.span(), format!("the same {} twice", vocabulary.singular));
            } else {
                words.push(word);
            }
        }
        words
    }

    pub(super) fn word<T>(&mut self, node: &Node<'_>, vocabulary: &Vocabulary<T>) -> Option<Spanned<T>> {
        let text = self.string(node, &format!("a {}", vocabulary.singular))?;
        self.known(text.get_ref(), node.span(), vocabulary)
            .map(|word| Spanned::new(node.span(), word))
    }

    pub(super) fn known<T>(
        &mut self,
        text: &str,
        range: Range<usize>,
        vocabulary: &Vocabulary<T>,
    ) -> Option<T> {
        let word = (vocabulary.parse)(text);
        if word.is_none() {
            let all = (vocabulary.like)(text);
            let help = suggest(text, vocabulary.plural, all.iter().map(String::as_str));
            self.wrong_help(range, format!("unknown {} `{text}`", vocabulary.singular), help);
        }
        word
    }

    fn wrong_type(&mut self, node: &Node<'_>, what: &str, expected: &str) {
        let found = node.get_ref().type_str();
        self.wrong(
            node.span(),
            format!("{what} must be {expected}, not a value of type {found}"),
        );
    }
}

/// The entries of a table in the order of the file; `toml` keeps them sorted by key.
pub(super) fn in_order<'n, 't>(table: &'n DeTable<'t>) -> Vec<Entry<'n, 't>> {
    let mut entries: Vec<Entry<'n, 't>> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref(),
            range: key.span(),
            value,
        })
        .collect();
    entries.sort_by_key(|entry| entry.range.start);
    entries
}

/// The words a list may hold.
pub(super) struct Vocabulary<T> {
    pub singular: &'static str,
    pub plural: &'static str,
    pub parse: fn(&str) -> Option<T>,
    /// The words to name beside an unknown one.
    pub like: fn(&str) -> Vec<String>,
}

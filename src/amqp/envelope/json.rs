//! One strict pass over a text: is it JSON, without duplicate keys, NUL or bottomless nesting? Nothing is kept.
//!
//! `serde_json` alone keeps the last of two equal keys and recurses 128 levels; commands must mean one thing.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::Fault;
use crate::domain::dead_letter::DeadLetterReason as Reason;

/// Objects and arrays within each other at most.
pub(super) const MAX_DEPTH: usize = 32;

/// Where the command's body stands in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyAt {
    Top,
    /// In a member of the top object: it may be as deep as if it stood alone.
    Member,
}

/// What the pass noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Plain,
    /// There is a list where no command has one. serde reads a list as an object's fields in order, the schemas do
    /// not: such a body is decided by its schema.
    OddLists,
}

/// The text of a body.
pub(super) fn text(body: &[u8]) -> Result<&str, Fault> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Fault::new(Reason::InvalidUtf8, format!("at byte {}", error.valid_up_to())))?;
    if text.starts_with('\u{feff}') {
        return Err(Fault::new(
            Reason::InvalidUtf8,
            "it starts with a byte order mark",
        ));
    }
    if text.as_bytes().contains(&0) {
        return Err(Fault::new(Reason::NulInText, "a NUL byte"));
    }
    Ok(text)
}

/// Passes over a text once.
pub(super) fn check(text: &str, body: BodyAt) -> Result<Shape, Fault> {
    let body_depth = match body {
        BodyAt::Top => 0,
        BodyAt::Member => 1,
    };
    let pass = Pass {
        fault: RefCell::new(None),
        odd_lists: Cell::new(false),
        body_depth,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let walked = Walk {
        pass: &pass,
        depth: 0,
        list_expected: false,
    }
    .deserialize(&mut deserializer)
    .and_then(|()| deserializer.end());
    match walked {
        Ok(()) if pass.odd_lists.get() => Ok(Shape::OddLists),
        Ok(()) => Ok(Shape::Plain),
        Err(error) => Err(pass.fault.into_inner().unwrap_or_else(|| {
            Fault::new(
                Reason::InvalidJson,
                format!("at line {} column {}", error.line(), error.column()),
            )
        })),
    }
}

/// What one pass has seen so far.
struct Pass {
    fault: RefCell<Option<Fault>>,
    odd_lists: Cell<bool>,
    body_depth: usize,
}

impl Pass {
    /// Ends the pass: serde wants an error of its own, the real one is kept here.
    fn stop<E: serde::de::Error>(&self, reason: Reason, detail: &str) -> E {
        *self.fault.borrow_mut() = Some(Fault::new(reason, detail));
        E::custom("")
    }

    fn check_text<E: serde::de::Error>(&self, text: &str) -> Result<(), E> {
        if text.as_bytes().contains(&0) {
            return Err(self.stop(Reason::NulInText, "an escaped NUL"));
        }
        Ok(())
    }
}

/// The pass at one value.
#[derive(Clone, Copy)]
struct Walk<'p> {
    pass: &'p Pass,
    depth: usize,
    list_expected: bool,
}

impl Walk<'_> {
    fn inside<E: serde::de::Error>(self, list_expected: bool) -> Result<Self, E> {
        if self.depth == MAX_DEPTH + self.pass.body_depth {
            return Err(self
                .pass
                .stop(Reason::TooDeep, &format!("more than {MAX_DEPTH} levels")));
        }
        Ok(Self {
            depth: self.depth + 1,
            list_expected,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.pass.check_text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inside = self.inside(false)?;
        if !self.list_expected {
            self.pass.odd_lists.set(true);
        }
        while items.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inside = self.inside(false)?;
        let in_body = self.depth == self.pass.body_depth;
        let mut keys: Vec<Cow<'de, str>> = Vec::with_capacity(16);
        while let Some(key) = members.next_key_seed(Key)? {
            self.pass.check_text(&key)?;
            members.next_value_seed(Walk {
                list_expected: in_body && key == "attachments",
                ..inside
            })?;
            keys.push(key);
        }
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(self.pass.stop(
                Reason::DuplicateKey,
                "two members of one object have the same name",
            ));
        }
        Ok(())
    }
}

/// A member's name, borrowed where it holds no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
